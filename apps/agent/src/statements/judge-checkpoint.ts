/** Does a checkpoint of the activity log agree with the one that was kept last? Pure (T15, T67). */

/** Where the log stands: the position of its newest event, and the hash of the chain up to it. */
export interface LogPlace {
  readonly position: number;
  readonly hash: string;
}

export type Judgement =
  | { readonly outcome: 'newer' | 'known' }
  | { readonly outcome: 'contradicts'; readonly message: string };

/** The log only grows: a place that is earlier, or the same with another hash, is of another history. */
export function judgeCheckpoint(kept: LogPlace | undefined, shown: LogPlace): Judgement {
  if (kept === undefined || shown.position > kept.position) return { outcome: 'newer' };
  if (shown.position < kept.position) {
    const message = `The control plane's activity log ended at position ${kept.position}, and now it ends at ${shown.position}: events were removed, or a backup was restored.`;
    return { outcome: 'contradicts', message };
  }
  if (shown.hash === kept.hash) return { outcome: 'known' };
  const message = `The control plane showed two activity logs that differ and both end at position ${kept.position}: one of them was made anew.`;
  return { outcome: 'contradicts', message };
}

/** As many as a year and a half of days. */
const mostKept = 500;

/** What is kept of many: the first, the newest ones, and of the older half every second. Each of them proves all that was before it. */
export function thinned(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostKept) return lines;
  return lines.filter((_, index) => index >= lines.length / 2 || index % 2 === 0);
}
