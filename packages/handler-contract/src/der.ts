/** Just enough DER to write a certificate and a sealed message. Written, never read: reading hostile DER is another trade. */

/** One element: tag, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

export const derNull: Buffer = der(0x05);

export function derSequence(...items: readonly Uint8Array[]): Buffer {
  return der(0x30, ...items);
}

export function derSet(...items: readonly Uint8Array[]): Buffer {
  return der(0x31, ...items);
}

/** A non-negative integer from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const significant = bytes.subarray(start);
  // A set top bit would make the number negative.
  return (significant[0] ?? 0) >= 0x80
    ? der(0x02, Buffer.of(0), significant)
    : der(0x02, significant.length === 0 ? Buffer.of(0) : significant);
}

export function derOctets(bytes: Uint8Array): Buffer {
  return der(0x04, bytes);
}

export function derBits(bytes: Uint8Array): Buffer {
  return der(0x03, Buffer.of(0), bytes);
}

export function derUtf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => base128(arc));
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime from then on, as certificates demand. `time` in milliseconds since 1970. */
export function derTime(time: number): Buffer {
  const [date = '', clock = ''] = new Date(time).toISOString().split('T');
  const digits = `${date.replaceAll('-', '')}${clock.slice(0, 8).replaceAll(':', '')}Z`;
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function base128(arc: number): readonly number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) + 128);
  return bytes;
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.of(0x80 + bytes.length, ...bytes);
}
