/** JSON that means one thing only: a key that is there twice is refused, where `JSON.parse` takes the last in silence. */
import { messageOf } from '@sallyport/model';
import { parsed, refused, type Parsed } from './parsed.ts';

/** The value of a JSON text. Refuses a byte order mark, whatever is not JSON, and keys that occur twice in one object. */
export function parseStrictJson(text: string): Parsed<unknown> {
  if (text.startsWith('\ufeff')) return refused('it begins with a byte order mark');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(text.trim() === '' ? 'it is empty' : `it is not JSON (${messageOf(error)})`);
  }
  const twice = repeatedKey(text);
  return twice === undefined ? parsed(value) : refused(`it holds the key '${twice}' twice`);
}

/** Strings and brackets of a text that is known to be JSON; everything between them does not matter here. */
const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

function repeatedKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  for (const [found, colon] of text.matchAll(token)) {
    if (found === '{') objects.push(new Set());
    else if (found === '}') objects.pop();
    else if (colon !== undefined) {
      const key = String(JSON.parse(found.slice(0, found.length - colon.length)));
      const keys = objects.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
