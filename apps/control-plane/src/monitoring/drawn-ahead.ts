/** Random bytes that are drawn ahead, many at a time: for names such as those of traces, which are no secrets, and which each request needs. */
export function drawnAhead(random: (length: number) => Uint8Array, atOnce = 6144): (length: number) => Uint8Array {
  let drawn = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (used + length > drawn.length) {
      drawn = new Uint8Array(random(Math.max(atOnce, length)));
      used = 0;
    }
    used += length;
    return drawn.subarray(used - length, used);
  };
}
