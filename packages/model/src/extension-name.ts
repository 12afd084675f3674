/**
 * An extension is named by its publisher and its type (S1.1), written `publisher/type` in lists and
 * `publisher.type` as a handler. Matching ignores case (T06); the spelling people wrote is kept for display.
 */

declare const brand: unique symbol;

/** A well-formed extension name. Only {@link parseExtensionName} makes one. */
export interface ExtensionName {
  readonly publisher: string;
  readonly type: string;
  readonly [brand]: 'ExtensionName';
}

/** Why a text is not an extension name. `suggestion` is the nearest well-formed spelling, where there is one. */
export interface MalformedExtensionName {
  readonly entry: string;
  readonly reason: string;
  readonly suggestion?: string;
}

export type ExtensionNameResult =
  | { readonly ok: true; readonly name: ExtensionName }
  | { readonly ok: false; readonly malformed: MalformedExtensionName };

/** Letters, digits, `.`, `_` and `-`; starts and ends with a letter or digit. At most 128 characters a part. */
const part = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/**
 * Reads `publisher/type`. Blanks around the whole are trimmed; anything else that is not exactly one publisher, one
 * slash and one type of plain ASCII is refused with a reason (T06, T07): a name that is read loosely is a way round a list.
 */
export function parseExtensionName(text: string): ExtensionNameResult {
  const entry = text.trim();
  const reason = reasonAgainst(entry);
  if (reason === undefined) {
    const [publisher, type] = entry.split('/') as [string, string];
    return { ok: true, name: { publisher, type } as ExtensionName };
  }
  const suggestion = nearestSpelling(entry);
  return { ok: false, malformed: { entry, reason, ...(suggestion === undefined ? {} : { suggestion }) } };
}

/** Makes a name of a publisher and a type that arrive separately, as they do in ARM resources and goal states. */
export function extensionNameOf(publisher: string, type: string): ExtensionNameResult {
  if (publisher.includes('/') || type.includes('/')) {
    return {
      ok: false,
      malformed: { entry: `${publisher}/${type}`, reason: 'a publisher or a type may not hold a slash' },
    };
  }
  return parseExtensionName(`${publisher}/${type}`);
}

/** `publisher/type`, as written. */
export function formatExtensionName(name: ExtensionName): string {
  return `${name.publisher}/${name.type}`;
}

/** The form that names are compared in: lower case. Safe because a name is ASCII by construction (T06). */
export function extensionKey(name: ExtensionName): string {
  return formatExtensionName(name).toLowerCase();
}

/** Whether two names mean the same extension; case does not count. */
export function sameExtension(a: ExtensionName, b: ExtensionName): boolean {
  return extensionKey(a) === extensionKey(b);
}

/** `Publisher.Type`: the handler's name in directory names and reports (handler contract §1). */
export function handlerName(name: ExtensionName): string {
  return `${name.publisher}.${name.type}`;
}

function reasonAgainst(entry: string): string | undefined {
  if (entry === '') return 'it is empty';
  if (/[\u2018-\u201f\u00ab\u00bb"'`]/.test(entry)) return 'it holds quotation marks';
  if (/[\u0000-\u001f\u007f]/.test(entry)) return 'it holds a control character';
  if (/[^\u0020-\u007e]/.test(entry)) return 'it holds a character that is not plain ASCII';
  if (/[*?]/.test(entry)) return 'wildcards are not supported; each extension is named in full';
  const slashes = entry.split('/').length - 1;
  if (slashes === 0) return 'it has no slash between publisher and type';
  if (slashes > 1) return 'it has more than one slash';
  const [publisher = '', type = ''] = entry.split('/');
  if (publisher === '') return 'the publisher before the slash is missing';
  if (type === '') return 'the type after the slash is missing';
  if (!part.test(publisher)) return `'${publisher}' is not a publisher's name`;
  if (!part.test(type)) return `'${type}' is not an extension type`;
  return undefined;
}

/**
 * Drops what cannot be in a name, then splits at the first slash or, failing that, at the last dot. Of what looks like several
 * names none is made: joined they would be a name that nobody meant.
 */
function nearestSpelling(entry: string): string | undefined {
  if (/[;|]/.test(entry) || (/\s/.test(entry) && entry.split('/').length > 2)) return undefined;
  const plain = entry
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9._/-]/g, '')
    .replace(/\/+/g, '/')
    .replace(/^[/._-]+|[/._-]+$/g, '');
  const slash = plain.indexOf('/');
  const cut = slash >= 0 ? slash : plain.lastIndexOf('.');
  if (cut <= 0) return undefined;
  const candidate = `${plain.slice(0, cut)}/${plain.slice(cut + 1).replace(/\//g, '.')}`;
  return reasonAgainst(candidate) === undefined ? candidate : undefined;
}
