/** The seconds that `Prefer: wait=…` names (RFC 7240 §4.3): whoever sends it would rather wait than ask again. What it means is for each answer to say. */
export function preferredWait(header: string | null): number {
  for (const preference of (header ?? '').slice(0, 1000).split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:;|$)/i.exec(preference)?.[1];
    // The first of several counts.
    if (seconds !== undefined) return Number(seconds);
  }
  return 0;
}
