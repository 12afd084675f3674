/** From what a request asks for to one package of the verified catalog. A proposal: the agent checks the catalog for itself (S1.6). */
import {
  extensionKey,
  formatExtensionName,
  handlerName,
  parseHandlerVersion,
  selectHandlerVersion,
  type ExtensionName,
  type HandlerVersion,
} from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { CatalogEntry } from '../../gallery/catalog-source.ts';

export interface ChosenPackage {
  readonly version: HandlerVersion;
  readonly sha256: string;
  /** Whether several resources of a machine may share its handler. */
  readonly isShared: boolean;
}

/**
 * Chooses the package for an extension on an operating system. Throws {@link ArmError} `ExtensionNotFound` when nobody
 * published the extension, `ExtensionVersionNotFound` with the versions there are when the one asked for is not among them.
 */
export function choosePackage(
  entries: readonly CatalogEntry[],
  name: ExtensionName,
  asked: HandlerVersion | undefined,
  takeNewerMinor: boolean,
  operatingSystem: 'linux' | 'windows',
): ChosenPackage {
  const key = extensionKey(name);
  const named = entries.filter(({ publisher, type }) => `${publisher}/${type}`.toLowerCase() === key);
  const all = named.filter((entry) => entry.operatingSystem === operatingSystem);
  const yanked = all.find((entry) => entry.version === asked)?.yanked;
  if (yanked !== undefined) {
    throw new ArmError(
      'ExtensionVersionNotFound',
      `Version '${asked ?? ''}' of ${formatExtensionName(name)} was taken back by its publisher: ${yanked.reason}`,
      'properties.typeHandlerVersion',
    );
  }
  // A release that is not out for everybody is chosen by its exact version only; one that was taken back never.
  const fitting = all.filter(
    (entry) => entry.yanked === undefined && ((entry.channel ?? 'stable') === 'stable' || entry.version === asked),
  );
  if (fitting.length === 0) {
    const other = named.length === 0 ? '' : ` for ${operatingSystem}`;
    throw new ArmError(
      'ExtensionNotFound',
      `The extension with publisher '${name.publisher}' and type '${name.type}' is not published${other} in the catalog. Check the spelling, or publish it first.`,
      'properties.type',
    );
  }
  const versions = fitting.flatMap(({ version }) => parseHandlerVersion(version) ?? []);
  const version = selectHandlerVersion(versions, asked, takeNewerMinor);
  const chosen = fitting.find((entry) => entry.version === version);
  if (version === undefined || chosen === undefined) {
    throw new ArmError(
      'ExtensionVersionNotFound',
      `Version '${asked ?? ''}' of the extension '${handlerName(name)}' is not published. The versions of ${formatExtensionName(name)} are ${versions.join(', ')}.`,
      'properties.typeHandlerVersion',
    );
  }
  return { version, sha256: chosen.sha256, isShared: chosen.supportsMultipleExtensions === true };
}
