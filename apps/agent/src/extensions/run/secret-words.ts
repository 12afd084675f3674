/**
 * Takes protected values out of what extensions print and write before it goes into a log or leaves the machine (S1.7). What
 * is secret is every value of the protected settings, in each form it is likely to be printed in.
 */

const placeholder = '[protected]';
/** A text that is cut off may begin or end in the middle of a secret; parts shorter than this tell nothing. */
const shortestPart = 4;
/** Settings with more values than this are not searched for one by one: nothing is told then. */
const mostWords = 4000;
const mostLength = 64 * 1024;
/** Values that are no secret by themselves, and would blank out every other line. */
const plain = new Set(['', 'true', 'false', 'yes', 'no', 'null', 'none', '0', '1']);

/** Holds the words that must not be told; `add` what is known of them, or say that it is not known. */
export class SecretWords {
  readonly #words = new Set<string>();
  #unknown = false;

  /** Takes in every value of some protected settings. */
  add(settings: unknown): void {
    for (const text of leaves(settings, 0)) this.#addText(text);
    if (this.#words.size > mostWords) this.#unknown = true;
  }

  /** There are protected settings here that cannot be read by now: whatever an extension says may hold them. */
  addUnknown(): void {
    this.#unknown = true;
  }

  /** Without secrets; `cut` says that the text is the end of a longer one, or may go on. */
  redact(text: string, cut = false): string {
    if (this.#unknown) {
      return text === '' ? '' : '[withheld: it may hold protected settings that this agent cannot tell apart]';
    }
    // Longest first, so that a value within another does not leave the rest of it.
    const words = [...this.#words].sort((a, b) => b.length - a.length);
    let result = text;
    for (const word of words) {
      if (word.length >= shortestPart) result = result.replaceAll(word, placeholder);
      else result = result.replace(asWholeWord(word), placeholder);
    }
    return cut ? withoutParts(result, words) : result;
  }

  #addText(text: string): void {
    if (text.length > mostLength) {
      this.#unknown = true;
      return;
    }
    this.#addForms(text);
    // Scripts are printed line by line, and come in base64.
    const decoded = decodedText(text);
    if (decoded !== undefined) this.#addForms(decoded);
    for (const whole of [text, decoded ?? '']) {
      if (!whole.includes('\n')) continue;
      for (const line of whole.split('\n')) if (line.trim().length >= 6) this.#addForms(line.trim());
    }
  }

  #addForms(text: string): void {
    if (plain.has(text.trim().toLowerCase())) return;
    const forms = [
      text,
      JSON.stringify(text).slice(1, -1),
      Buffer.from(text).toString('base64').replace(/=+$/, ''),
      encodeURIComponent(text.toWellFormed()),
    ];
    for (const form of forms) this.#words.add(form);
  }
}

function leaves(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return String(value).length >= shortestPart ? [String(value)] : [];
  if (typeof value !== 'object' || value === null || depth > 128) return [];
  return Object.values(value).flatMap((inner: unknown) => leaves(inner, depth + 1));
}

/** What a text means in base64; undefined when it is none. */
function decodedText(text: string): string | undefined {
  const compact = text.replace(/\s/g, '');
  if (compact.length < 12 || compact.length % 4 === 1 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(compact, 'base64'));
  } catch {
    // Bytes, not text: nothing that is printed as such.
    return undefined;
  }
}

function asWholeWord(word: string): RegExp {
  return new RegExp(`(?<![\\w])${RegExp.escape(word)}(?![\\w])`, 'g');
}

/** Takes away the end of a secret that the text begins with, and the beginning of one that it ends with. */
function withoutParts(text: string, words: readonly string[]): string {
  let from = 0;
  let to = text.length;
  const [first, last] = [text.slice(0, shortestPart), text.slice(-shortestPart)];
  if (text.length < shortestPart) return text;
  for (const word of words) {
    for (const at of placesIn(word, first)) {
      if (text.startsWith(word.slice(at))) from = Math.max(from, word.length - at);
    }
    for (const at of placesIn(word, last)) {
      if (text.endsWith(word.slice(0, at + shortestPart))) to = Math.min(to, text.length - at - shortestPart);
    }
  }
  if (from === 0 && to === text.length) return text;
  return `${from === 0 ? '' : placeholder}${text.slice(from, Math.max(from, to))}${to === text.length ? '' : placeholder}`;
}

/** Where `part` stands in a word. */
function placesIn(word: string, part: string): readonly number[] {
  const places: number[] = [];
  for (let at = word.indexOf(part); at >= 0; at = word.indexOf(part, at + 1)) places.push(at);
  return places;
}
