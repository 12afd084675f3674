/** When a machine signs a statement about itself. Pure. */

/** Once a day, so that a statement says until when it was so. Milliseconds. */
const longestBetween = 24 * 60 * 60 * 1000;
/** After one that could not be brought. Milliseconds. */
const pauseAfterFailure = 10 * 60 * 1000;

export interface LastStatement {
  /** Its local controls, as text. */
  readonly controls: string;
  /** When it was brought, or tried; milliseconds on a clock that never jumps. */
  readonly at: number;
  readonly brought: boolean;
}

/** At the start, when the local controls have changed, and once a day (T16). A failed one is tried again ten minutes later. */
export function isStatementDue(last: LastStatement | undefined, controls: string, now: number): boolean {
  if (last === undefined) return true;
  const since = now - last.at;
  if (!last.brought) return since >= pauseAfterFailure;
  return last.controls !== controls || since >= longestBetween;
}
