/**
 * Reading lists of extensions. An entry that is read loosely or left out is an unblocked script runner, so one entry that is
 * not `publisher/type` refuses the whole list, with every such entry named (S4.12, T06, T07).
 */
import {
  formatExtensionName,
  parseExtensionName,
  type ExtensionName,
  type MalformedExtensionName,
} from '@sallyport/model';
import { allowsNone, extensionListOf, type ExtensionList } from './extension-list.ts';
import { formatList } from './list-kind.ts';
import { parsed, refused, type Parsed } from './parsed.ts';
import type { ValueKind } from './value-kind.ts';

/** More than any real list; bounds what a single command or a file can make the agent do. */
const mostEntries = 20_000;

/** The kind of both lists. `Allow/None` has a meaning on the allowlist only: on a blocklist it would look like a rule and be none. */
export function extensionListKind(which: 'allowlist' | 'blocklist'): ValueKind<ExtensionList> {
  const checked = (texts: readonly string[]): Parsed<ExtensionList> => {
    const result = readEntries(texts);
    if (result.ok && which === 'blocklist' && allowsNone(result.value)) {
      return refused("'Allow/None' belongs on extensions.allowlist; a blocklist names what is blocked");
    }
    return result;
  };
  return {
    parse: (text) => checked(text.split(',')),
    format: (list) => formatList(list.entries.map(formatExtensionName)),
    toJson: (list) => list.entries.map(formatExtensionName),
    fromJson(json) {
      if (!Array.isArray(json)) return refused('it must be a list of publisher/type');
      const items: readonly unknown[] = json;
      return items.every((item) => typeof item === 'string')
        ? checked(items)
        : refused('it must be a list of publisher/type, each a text');
    },
    list: {
      union: (list, more) => extensionListOf([...list.entries, ...more.entries]),
      difference: (list, less) => extensionListOf(list.entries.filter((entry) => !isOn(less, entry))),
    },
  };
}

function isOn(list: ExtensionList, entry: ExtensionName): boolean {
  return list.byKey.has(formatExtensionName(entry).toLowerCase());
}

function readEntries(texts: readonly string[]): Parsed<ExtensionList> {
  if (texts.length > mostEntries) return refused(`it holds more than ${mostEntries} entries`);
  const names: ExtensionName[] = [];
  const spellings: string[] = [];
  const malformed: MalformedExtensionName[] = [];
  for (const text of texts) {
    const result = readEntry(text);
    if (result.ok) {
      names.push(result.name);
      spellings.push(formatExtensionName(result.name));
    } else {
      malformed.push(result.malformed);
      if (result.malformed.suggestion !== undefined) spellings.push(...result.malformed.suggestion.split(','));
    }
  }
  if (malformed.length === 0) return parsed(extensionListOf(names));
  const reason = [...new Set(malformed.slice(0, 20).map(sentence))].join('; ');
  // An empty entry is between two commas by mistake: leaving it out is its well-formed spelling.
  const complete = malformed.every(({ entry, suggestion }) => suggestion !== undefined || entry === '');
  return refused(reason, complete && spellings.length > 0 ? [...new Set(spellings)].join(',') : undefined);
}

/** Blanks and tabs around an entry are trimmed; other white space is not plain ASCII or a control character, and refused. */
function readEntry(text: string): ReturnType<typeof parseExtensionName> {
  const entry = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const result = parseExtensionName(entry);
  if (!result.ok) return withoutCommas(entry) ?? result;
  if (entry === entry.trim()) return result;
  const suggestion = formatExtensionName(result.name);
  return { ok: false, malformed: { entry, reason: 'it has white space around it that is not a blank', suggestion } };
}

/** Several entries between which there is something else than a comma. */
function withoutCommas(entry: string): ReturnType<typeof parseExtensionName> | undefined {
  const names = entry
    .split(/[\s;|]/)
    .filter((piece) => piece !== '')
    .map(parseExtensionName);
  const spellings = names.flatMap((name) => (name.ok ? formatExtensionName(name.name) : []));
  if (names.length < 2 || spellings.length < names.length) return undefined;
  const suggestion = spellings.join(',');
  return { ok: false, malformed: { entry, reason: 'entries are separated by commas', suggestion } };
}

function sentence({ entry, reason, suggestion }: MalformedExtensionName): string {
  if (entry === '') return 'there is an empty entry';
  return `'${entry}' is not publisher/type: ${reason}${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`;
}
