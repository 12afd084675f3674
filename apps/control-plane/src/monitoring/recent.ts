/** One answer for all who ask within a while: whoever asks often makes no more work than whoever asks now and then (T19). */
export function recent<T>(milliseconds: number, work: () => Promise<T>): () => Promise<T> {
  let held: { readonly answer: Promise<T>; readonly until: number } | undefined;
  return () => {
    const now = performance.now();
    if (held === undefined || now >= held.until) held = { answer: work(), until: now + milliseconds };
    return held.answer;
  };
}
