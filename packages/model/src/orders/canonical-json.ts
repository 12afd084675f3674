/** One text for one JSON value (RFC 8785): members in the order of their names, no blanks. What has the same text means the same. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // By UTF-16 units, as the RFC wants it and as sort does it.
  const names = Object.keys(value).sort();
  const members = new Map<string, unknown>(Object.entries(value));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members.get(name))}`).join(',')}}`;
}
