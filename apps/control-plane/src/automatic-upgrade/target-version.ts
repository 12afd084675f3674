/** Which version an extension that is upgraded by itself goes to. No I/O. */
import { compareHandlerVersions, parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { CatalogEntry } from '../gallery/catalog-source.ts';

/** A ceiling: versions that begin with these numbers, or are lower, and nothing beyond (`1.2` holds 1.2.9 and not 1.3). */
export interface VersionPin {
  readonly publisher: string;
  readonly type: string;
  readonly version: string;
}

/**
 * The newest release for everybody of the same major version, on the operating system; undefined when there is nothing newer than
 * what is installed. A new major version is a decision and is never taken by itself.
 */
export function targetVersion(
  entries: readonly CatalogEntry[],
  extensionKey: string,
  operatingSystem: 'linux' | 'windows',
  installed: HandlerVersion,
): { readonly version: HandlerVersion; readonly sha256: string } | undefined {
  const major = installed.split('.')[0];
  return entries
    .filter(
      (entry) =>
        `${entry.publisher}/${entry.type}`.toLowerCase() === extensionKey &&
        entry.operatingSystem === operatingSystem &&
        entry.yanked === undefined &&
        (entry.channel ?? 'stable') === 'stable',
    )
    .flatMap(({ version, sha256 }) => {
      const parsed = parseHandlerVersion(version);
      return parsed === undefined ? [] : [{ version: parsed, sha256 }];
    })
    .filter(({ version }) => version.split('.')[0] === major && compareHandlerVersions(version, installed) > 0)
    .toSorted((a, b) => compareHandlerVersions(a.version, b.version))
    .at(-1);
}

/** Whether a version lies beyond what is pinned. */
export function isBeyond(version: HandlerVersion, pin: HandlerVersion): boolean {
  const numbers = pin.split('.').length;
  const cut = parseHandlerVersion(version.split('.').slice(0, numbers).join('.'));
  return cut !== undefined && compareHandlerVersions(cut, pin) > 0;
}
