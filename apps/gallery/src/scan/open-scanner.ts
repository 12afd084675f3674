/** A scanner that can be believed: it answers, its signatures are young, and it gives the right answers to the probes. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import { askClamd, scanStream, type Patience } from './clamd.ts';
import { startClamd } from './own-clamd.ts';
import { bottomless, nestedTestFile } from './probes.ts';
import type { ScanPolicy } from './scan-policy.ts';

export interface Scanner {
  /** Program and signatures, as the scanner names them. */
  readonly name: string;
  /** Throws `MalwareFound`, and what says that there was no scan. */
  scan(bytes: AsyncIterable<Buffer>): Promise<void>;
  close(): Promise<void>;
}

const usualSocket = '/run/clamav/clamd.ctl';
const usualDatabase = '/var/lib/clamav';
const day = 24 * 60 * 60 * 1000;

/**
 * Uses the daemon of the policy, else the system's, else one of its own. Throws `ScannerMissing`, `ScannerOutdated`, `ScannerTimedOut`,
 * `ScannerFailed`: each means that nothing can be published (S1.2).
 */
export async function openScanner(policy: ScanPolicy, now: Date): Promise<Scanner> {
  const patience: Patience = { signal: AbortSignal.timeout(policy.timeoutSeconds * 1000) };
  if (policy.socket !== undefined) return believed(policy.socket, undefined, policy, patience, now, async () => {});
  if (policy.database === undefined && existsSync(usualSocket)) {
    try {
      return await believed(usualSocket, undefined, policy, patience, now, async () => {});
    } catch (error) {
      // Its owner set it up for other purposes, or it is being started; ours is the better one then, or says why not.
      if (!(error instanceof GalleryError)) throw error;
    }
  }
  const database = policy.database ?? usualDatabase;
  const own = await startClamd(database, patience);
  try {
    return await believed(own.socket, database, policy, patience, now, () => own.stop());
  } catch (error) {
    await own.stop();
    throw error;
  }
}

async function believed(
  socket: string,
  database: string | undefined,
  policy: ScanPolicy,
  patience: Patience,
  now: Date,
  close: () => Promise<void>,
): Promise<Scanner> {
  const name = await askClamd(socket, 'VERSION', patience);
  requireYoung(name, database, policy.mostDatabaseDays, now);
  const test = await scanStream(socket, [nestedTestFile()], patience);
  if (test.found === undefined)
    throw new GalleryError(
      'ScannerFailed',
      'The malware scanner does not find the EICAR test file: it has no usable signatures.',
    );
  const deep = await scanStream(socket, [bottomless()], patience);
  if (deep.found === undefined) {
    throw new GalleryError(
      'ScannerFailed',
      'The malware scanner calls clean what it did not look at to its end: set AlertExceedsMax yes in its configuration.',
    );
  }
  return {
    name,
    close,
    async scan(bytes) {
      const { found } = await scanStream(socket, bytes, patience);
      if (found !== undefined)
        throw new GalleryError(
          'MalwareFound',
          `The malware scanner objects to the package: ${found}. It was not published.`,
        );
    },
  };
}

/** `ClamAV 1.4.3/27822/Tue Nov 24 08:33:00 2026`; with signatures of one's own only, the date is missing and their files are asked. */
function requireYoung(name: string, database: string | undefined, mostDays: number, now: Date): void {
  const said = new Date(name.split('/')[2] ?? '').getTime();
  const date = Number.isNaN(said) && database !== undefined ? newestFile(database) : said;
  if (now.getTime() - date <= mostDays * day) return;
  const age = Number.isNaN(date) ? 'of unknown age' : `${Math.floor((now.getTime() - date) / day)} days old`;
  throw new GalleryError(
    'ScannerOutdated',
    `The signatures of the malware scanner are ${age}, and may be ${mostDays} days old: run freshclam.`,
  );
}

function newestFile(folder: string): number {
  try {
    return Math.max(-Infinity, ...readdirSync(folder).map((file) => statSync(join(folder, file)).mtimeMs));
  } catch (error) {
    throw new GalleryError('ScannerFailed', `The signatures in '${folder}' cannot be read: ${messageOf(error)}.`);
  }
}
