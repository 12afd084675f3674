/** What is kept of a command's output, and how (contract §2). */

/** Characters of stdout and stderr together that a message may hold. */
export const outputLimit = 3200;

/** Bytes of each stream's end that are enough for any message: the longest escape or UTF-8 sequence is 4 characters or bytes. */
export const outputTailBytes = 4 * outputLimit;

const frame = '[stdout]\n\n\n[stderr]\n'.length;

/**
 * `[stdout]\n…\n\n[stderr]\n…` of at most {@link outputLimit} characters. The ends are kept; a stream that is shorter than its
 * half leaves its room to the other.
 */
export function formatOutput(stdout: Uint8Array, stderr: Uint8Array): string {
  const out = decodeOutput(stdout);
  const err = decodeOutput(stderr);
  const room = outputLimit - frame;
  const half = Math.floor(room / 2);
  const forOut = Math.max(half, room - err.length);
  const forErr = Math.max(half, room - out.length);
  return `[stdout]\n${tail(out, forOut)}\n\n[stderr]\n${tail(err, forErr)}`;
}

/** UTF-8 to text; bytes that are not UTF-8 become `\xNN`, so nothing is lost and nothing fails. */
export function decodeOutput(bytes: Uint8Array): string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch {
    // Not UTF-8 as a whole: go through it piece by piece below.
  }
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at] ?? 0);
    try {
      if (length === 0 || at + length > bytes.length) throw new RangeError('not the start of a sequence');
      text += strict.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      // This byte starts no character: show it as it is and go on behind it.
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    }
  }
  return text;
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** The last `length` characters, never half of a surrogate pair. */
function tail(text: string, length: number): string {
  const cut = text.slice(-length);
  const first = cut.charCodeAt(0);
  return first >= 0xdc00 && first <= 0xdfff ? cut.slice(1) : cut;
}
