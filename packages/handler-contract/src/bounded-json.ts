/** Parsing JSON that an extension wrote: bounded in size and depth before anything walks it (T41, T53). */

export interface JsonBounds {
  /** Most UTF-16 units of text. */
  readonly length: number;
  /** Most arrays and objects inside each other. */
  readonly depth: number;
}

export type BoundedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/** The value, or why there is none. A byte order mark in front is dropped. Never throws. */
export function parseBoundedJson(text: string, bounds: JsonBounds): BoundedJson {
  if (text.length > bounds.length) return { ok: false, reason: `it is longer than ${bounds.length} characters` };
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!isShallow(plain, bounds.depth)) return { ok: false, reason: `it is nested deeper than ${bounds.depth} levels` };
  try {
    const value = JSON.parse(plain) as unknown;
    // `1e400` is JSON and no number of ours: it would be written again as null, in silence.
    if (mayOverflow.test(plain) && !isFinite(value))
      return { ok: false, reason: 'it holds a number beyond all bounds' };
    return { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A member that the object itself has: `__proto__` and what lies behind it never answer (T41). */
export function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Whether it is a JSON object: not null, not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nothing else can become infinite: an exponent of three digits or more, or three hundred digits in a row. */
const mayOverflow = /[eE]\+?\d{3}|\d{300}/;

/** Whether every number in it is one. The depth is bounded already. */
function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFinite);
}

/** Counts brackets outside strings. Text that is not JSON may be miscounted; the parser refuses it afterwards. */
function isShallow(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > limit) return false;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return true;
}
