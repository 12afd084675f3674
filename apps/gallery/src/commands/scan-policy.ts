import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { GalleryError } from '../gallery-error.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';
import { openScanner } from '../scan/open-scanner.ts';
import { readScanPolicy, strictPolicy, writeScanPolicy, type ScanPolicy } from '../scan/scan-policy.ts';

export interface ScanPolicyFlags extends SigningFlags {
  readonly socket?: string;
  readonly database?: string;
  readonly mostDatabaseDays: number;
  readonly timeout: number;
}

/** Shows the policy, or sets it. `auto` scans where a scanner can be used here and now, and says why not where none can. */
export async function scanPolicy(
  this: GalleryContext,
  flags: ScanPolicyFlags,
  scanner?: 'clamav' | 'none' | 'auto',
): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  // A gallery that is not there has no policy.
  await repository.root();
  if (scanner === undefined) {
    const policy = readScanPolicy(places);
    answer(this, flags, policy, [sentence(policy)]);
    return;
  }
  const asked: ScanPolicy = {
    ...strictPolicy,
    ...(flags.socket === undefined ? {} : { socket: flags.socket }),
    ...(flags.database === undefined ? {} : { database: flags.database }),
    mostDatabaseDays: flags.mostDatabaseDays,
    timeoutSeconds: flags.timeout,
  };
  const why = scanner === 'auto' ? await troubleWith(asked, this.now()) : undefined;
  const policy: ScanPolicy = scanner === 'none' || why !== undefined ? { ...asked, scanner: 'none' } : asked;
  await logged(
    { places, now: this.now },
    { act: 'scan-policy', details: { scanner: policy.scanner } },
    async () => writeScanPolicy(places, policy),
    () => ({}),
  );
  answer(this, flags, { ...policy, why }, [why === undefined ? sentence(policy) : `${sentence(policy)} ${why}`]);
}

function sentence({ scanner }: ScanPolicy): string {
  return scanner === 'clamav'
    ? 'Every package is scanned by ClamAV; what could not be scanned is not published.'
    : 'Packages of this gallery are NOT scanned for malware; the signed catalog says so of each.';
}

async function troubleWith(policy: ScanPolicy, now: Date): Promise<string | undefined> {
  try {
    await (await openScanner(policy, now)).close();
    return undefined;
  } catch (error) {
    if (error instanceof GalleryError) return error.message;
    throw error;
  }
}
