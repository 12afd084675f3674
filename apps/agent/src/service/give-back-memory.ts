/** Giving memory back that is not needed any more, in a process that does too little for V8 to do so by itself. */

/** By then whatever took the memory is over. Milliseconds. */
const settleMilliseconds = 5000;
/** A whole collection takes 30 ms of processor, which is what the agent takes in minutes: less than this is not worth it. Bytes. */
const worthwhile = 1024 * 1024;

let soon: NodeJS.Timeout | undefined;
let leftLast = 0;

/**
 * Collects, a while after the last call, what starting or working has left behind: a process at rest allocates so little that it would
 * be kept for days. As long as that is little, only what is youngest is looked at: what comes next takes the same pages again.
 */
export function giveBackMemorySoon(): void {
  clearTimeout(soon);
  soon = setTimeout(collect, settleMilliseconds).unref();
}

function collect(): void {
  // There under --expose-gc only.
  const { gc } = globalThis;
  if (gc === undefined) return;
  gc({ type: 'minor' });
  if (process.memoryUsage().heapUsed < leftLast + worthwhile) return;
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  leftLast = process.memoryUsage().heapUsed;
}
