/** What `LIKE` finds a tag by, in tags as they are stored: JSON in lower case. */

/**
 * A pattern that every row with the tag fits; a few others may fit it too. Undefined when there is none that would leave anything out.
 *
 * Databases put the first 128 characters in lower case and leave the others, so that `_`, which is any character, stands for each of
 * the others; and for what `LIKE` or JSON writes otherwise. Two capitals beyond the first 128 have a plain letter in lower case: the
 * Kelvin sign is a k, and the I with a dot is an i with one, which is the only one that grows by it.
 */
export function tagPattern(name: string | undefined, value: string | undefined): string | undefined {
  if (name === undefined || grows.test(name)) return undefined;
  const named = `%"${anyForm(name)}":`;
  return value === undefined || grows.test(value) ? `${named}%` : `${named}"${anyForm(value)}"%`;
}

const grows = /\u0307/u;

function anyForm(text: string): string {
  const written = JSON.stringify(text.toLowerCase()).slice(1, -1);
  return written.replaceAll(/[^ -~]|["%_\\k]/gu, '_');
}
