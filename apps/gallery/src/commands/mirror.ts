import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { counted } from '../counted.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { logged } from '../gallery-log.ts';
import { openSource } from '../mirror/open-source.ts';
import { parseSubset } from '../mirror/subset.ts';
import { takeOver, type TakenOver } from '../mirror/take-over.ts';
import { progressBar } from '../progress-bar.ts';
import { warnOfUnusable } from '../warn-of-unusable.ts';

export interface MirrorFlags extends CommonFlags {
  readonly only?: readonly string[];
  readonly root?: string;
  readonly caFile?: string;
}

/** Brings a mirror up to date with its source. */
export async function mirror(this: GalleryContext, flags: MirrorFlags, address: string): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const only = flags.only ?? [];
  const subset = parseSubset(only);
  const source = openSource(address, flags.caFile);
  const bar = progressBar(this);
  const run = (): Promise<TakenOver> =>
    takeOver({
      places,
      source,
      rootFile: flags.root,
      choose: (packages) => packages.filter(subset),
      now: this.now,
      progress: bar.show,
    });
  const taken = await logged(
    { places, now: this.now },
    { act: 'mirror', details: { source: source.name, only } },
    run,
    takenForLog,
  )
    .finally(bar.clear)
    .finally(source.close);
  tell(this, flags, taken, `Mirrored ${source.name}`);
}

/** What the gallery's log says of it. */
export function takenForLog(taken: TakenOver): Readonly<Record<string, unknown>> {
  const { outcome, ...rest } = summary(taken);
  return { ...rest, result: outcome };
}

/** What `--json` says of it. */
function summary({ unusable, ...taken }: TakenOver): Readonly<Record<string, unknown>> {
  return { ...taken, unusable: unusable.map(({ publisher, failure }) => ({ publisher, code: failure.code })) };
}

/** Answers with what came, and warns of publishers that clients will be refused. */
export function tell(context: GalleryContext, flags: CommonFlags, taken: TakenOver, did: string): void {
  const { outcome, packages, newPackages, bytes, issued } = taken;
  const signed = issued === undefined ? '' : `, as signed on ${issued}`;
  answer(context, flags, summary(taken), [
    outcome === 'present'
      ? `${did}: nothing is new. ${counted(packages, 'package')} ${packages === 1 ? 'is' : 'are'} here${signed}.`
      : `${did}: ${counted(newPackages, 'new package')} (${bytes} bytes) of ${packages}${signed}.`,
  ]);
  warnOfUnusable(context, taken.unusable);
}
