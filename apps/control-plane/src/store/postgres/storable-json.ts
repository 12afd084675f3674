/** JSON that PostgreSQL can take texts out of: it keeps neither zero characters nor halves of characters, and refuses all of a text for one. */

const unstorable = /\\u(?:0000|d[89a-f])/i;

/** A value as JSON; what cannot be stored is replaced, as it is in parameters. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!unstorable.test(text)) return text;
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '\uFFFD') : part,
  );
}
