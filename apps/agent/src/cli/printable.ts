/** Nothing that is printed may steer the reader's terminal or fake a line (T80). */

/** C0 and C1 controls, DEL, line and paragraph separators, direction marks and overrides, byte order mark, lone surrogates. */
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text as one line in which every control character is written as an escape such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
