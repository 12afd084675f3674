/** JSON as Python's `json.dumps` spells it: extensions cut files apart with text tools and rely on it (contract §1). */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A space after every `:` and `,`, nothing but ASCII. Keys keep their order. */
export function formatPythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => formatPythonJson(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${escaped(key)}: ${formatPythonJson(member)}`);
    return `{${members.join(', ')}}`;
  }
  return typeof value === 'string' ? escaped(value) : JSON.stringify(value);
}

function escaped(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
