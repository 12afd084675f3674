/** The allowlist and the blocklist: names of extensions, found by publisher and type whatever the case (S4.3, T06). */
import { extensionKey, formatExtensionName, parseExtensionName, type ExtensionName } from '@sallyport/model';

/** A list of extensions. Made by {@link extensionListOf} only, so that the index never disagrees with the entries. */
export interface ExtensionList {
  /** In the order and the spelling they were given, each once. */
  readonly entries: readonly ExtensionName[];
  /** The same by comparison key: looking one up takes the same time in a list of ten thousand. */
  readonly byKey: ReadonlyMap<string, ExtensionName>;
}

/** `Allow/None`: the manager runs and nothing may be installed (S4.7). Not an extension; well-formed like one. */
export const allowNone = knownExtension('Allow/None');

/** A list without duplicates: of several spellings of one name the first stays. */
export function extensionListOf(names: readonly ExtensionName[]): ExtensionList {
  const byKey = new Map<string, ExtensionName>();
  for (const name of names) {
    const key = extensionKey(name);
    if (!byKey.has(key)) byKey.set(key, name);
  }
  return { entries: [...byKey.values()], byKey };
}

/** The list that holds nothing: not set. */
export const emptyList: ExtensionList = extensionListOf([]);

/** The entry that names the extension, in the list's own spelling. */
export function findEntry(list: ExtensionList, extension: ExtensionName): ExtensionName | undefined {
  return list.byKey.get(extensionKey(extension));
}

/** Whether `Allow/None` is on the list. */
export function allowsNone(list: ExtensionList): boolean {
  return findEntry(list, allowNone) !== undefined;
}

/** A name written in the program itself. Throws when it is not well-formed. */
export function knownExtension(text: string): ExtensionName {
  const result = parseExtensionName(text);
  if (!result.ok) throw new Error(`'${text}' is not publisher/type: ${result.malformed.reason}`);
  return result.name;
}

/** The entries as `config set` takes them: `a/b,c/d`. */
export function commaSeparated(names: readonly ExtensionName[]): string {
  return names.map(formatExtensionName).join(',');
}
