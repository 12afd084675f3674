/** What reading a text or a JSON value gives: the value, or why not. */

export interface Refused {
  readonly ok: false;
  /** A clause for "… is not valid: <reason>". Never holds a secret. */
  readonly reason: string;
  /** The nearest well-formed spelling of the whole text, where there is one. */
  readonly suggestion?: string;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | Refused;

/** A value that was read. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** Why there is no value. */
export function refused(reason: string, suggestion?: string): Refused {
  return { ok: false, reason, ...(suggestion === undefined ? {} : { suggestion }) };
}
