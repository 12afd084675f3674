/** Giving memory back that is not needed any more, in a process that does too little for V8 to do so by itself. */

/** By then whatever took the memory is over. Milliseconds. */
const settleMilliseconds = 5000;

let soon: NodeJS.Timeout | undefined;

/** Collects, a while after the last call, what starting or working has left behind: a process at rest allocates so little that it would be kept for days. */
export function giveBackMemorySoon(): void {
  clearTimeout(soon);
  // There under --expose-gc only.
  const collect = (): void => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  soon = setTimeout(collect, settleMilliseconds).unref();
}
