/** What a package is: said by options, by its manifest's `signingInfo`, or by its file name; never by two of them differently. */
import { basename } from 'node:path';
import {
  extensionNameOf,
  handlerName,
  parseHandlerVersion,
  type ExtensionName,
  type HandlerVersion,
} from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';

/** What one source says. */
export interface SaidIdentity {
  readonly publisher?: string | undefined;
  readonly type?: string | undefined;
  readonly version?: string | undefined;
}

export interface PackageIdentity {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
}

/**
 * Brings the sources together. A file name is `<Publisher.Type>-<version>.zip`; which dot ends the publisher is told by the other sources
 * or by the publishers of the gallery. Names are compared without case. Throws `IdentityMissing`, `IdentityDisagrees` or `IdentityMalformed`.
 */
export function packageIdentity(
  options: SaidIdentity,
  signingInfo: SaidIdentity,
  file: string,
  publishers: readonly string[],
): PackageIdentity {
  const fromFile = fileIdentity(file);
  const split =
    fromFile === undefined
      ? undefined
      : splitHandler(fromFile.handler, { ...given(signingInfo), ...given(options) }, publishers);
  const sources = [
    { source: 'the option', said: options },
    { source: "the manifest's signingInfo", said: signingInfo },
    { source: 'the file name', said: { ...split, version: fromFile?.version } },
  ];
  const publisher = asAdded(agreed('publisher', sources), publishers);
  const type = agreed('type', sources);
  const versionText = agreed('version', sources);
  const result = extensionNameOf(publisher, type);
  const version = parseHandlerVersion(versionText);
  if (!result.ok) {
    throw new GalleryError(
      'IdentityMalformed',
      `'${publisher}/${type}' is not an extension: ${result.malformed.reason}.`,
    );
  }
  if (version === undefined) {
    throw new GalleryError(
      'IdentityMalformed',
      `'${versionText}' is not a version: give one to four numbers, as in 2.1.0.`,
    );
  }
  if (fromFile !== undefined && fromFile.handler.toLowerCase() !== handlerName(result.name).toLowerCase()) {
    throw new GalleryError(
      'IdentityDisagrees',
      `The file name says ${fromFile.handler} and the package is to be ${handlerName(result.name)}: rename the file, or correct what is wrong.`,
    );
  }
  return { name: result.name, version };
}

type Part = 'publisher' | 'type' | 'version';

function agreed(part: Part, sources: readonly { readonly source: string; readonly said: SaidIdentity }[]): string {
  const saying = sources.flatMap(({ source, said }) =>
    said[part] === undefined ? [] : [{ source, text: said[part] }],
  );
  const [first, ...others] = saying;
  if (first === undefined) {
    throw new GalleryError(
      'IdentityMissing',
      `Nothing says what ${part} the package is: give --${part}, or name the file <Publisher.Type>-<version>.zip.`,
    );
  }
  const other = others.find(({ text }) => text.toLowerCase() !== first.text.toLowerCase());
  if (other !== undefined) {
    throw new GalleryError(
      'IdentityDisagrees',
      `For the ${part}, ${first.source} says '${first.text}' and ${other.source} says '${other.text}': correct what is wrong.`,
    );
  }
  return first.text;
}

function fileIdentity(file: string): { readonly handler: string; readonly version: string } | undefined {
  const [, handler, version] = /^([^-].*\..*)-([0-9]+(?:\.[0-9]+){0,3})\.zip$/i.exec(basename(file)) ?? [];
  return handler === undefined || version === undefined ? undefined : { handler, version };
}

/** Finds the dot between publisher and type: where a known half ends, else where a publisher of the gallery does, else the last one. */
function splitHandler(handler: string, known: SaidIdentity, publishers: readonly string[]): SaidIdentity | undefined {
  const folded = handler.toLowerCase();
  if (known.type !== undefined && folded.endsWith(`.${known.type.toLowerCase()}`)) {
    return halves(handler, handler.length - known.type.length - 1);
  }
  if (known.publisher !== undefined && folded.startsWith(`${known.publisher.toLowerCase()}.`)) {
    return halves(handler, known.publisher.length);
  }
  const fitting = publishers.filter((publisher) => folded.startsWith(`${publisher.toLowerCase()}.`));
  const [only] = fitting;
  if (fitting.length > 1) {
    throw new GalleryError(
      'IdentityMissing',
      `The file name ${handler} fits the publishers ${fitting.join(' and ')}: say which with --publisher.`,
    );
  }
  if (only !== undefined) return { publisher: only, type: handler.slice(only.length + 1) };
  return halves(handler, handler.lastIndexOf('.'));
}

function halves(handler: string, dot: number): SaidIdentity {
  return { publisher: handler.slice(0, dot), type: handler.slice(dot + 1) };
}

/** The spelling that the publisher was added with, so that all its packages are displayed alike. */
function asAdded(publisher: string, publishers: readonly string[]): string {
  return publishers.find((added) => added.toLowerCase() === publisher.toLowerCase()) ?? publisher;
}

function given(said: SaidIdentity): SaidIdentity {
  return Object.fromEntries(Object.entries(said).filter(([, text]) => text !== undefined));
}
