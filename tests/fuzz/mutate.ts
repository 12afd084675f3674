/** What the fuzzer does to an input: small damage, pieces moved and repeated, words of the format put in, two inputs joined. */
import type { Random } from './random.ts';

type Mutation = (bytes: Buffer, random: Random, words: readonly Buffer[], other: Buffer) => Buffer;

const boundaries = [0, 1, 0x20, 0x22, 0x2e, 0x2f, 0x5c, 0x7f, 0x80, 0xff];

const mutations: readonly Mutation[] = [
  // One bit.
  (bytes, random) => changed(bytes, random, (value) => value ^ (1 << random(8))),
  // One byte, to anything or to one that formats treat specially.
  (bytes, random) => changed(bytes, random, () => random(256)),
  (bytes, random) => changed(bytes, random, () => boundaries[random(boundaries.length)] ?? 0),
  // A number of one, two or four bytes a little larger or smaller.
  (bytes, random) => {
    const width = [1, 2, 4][random(3)] ?? 1;
    if (bytes.length < width) return bytes;
    const at = random(bytes.length - width + 1);
    const moved = bytes.readUIntLE(at, width) + random(35) - 17;
    bytes.writeUIntLE(((moved % 2 ** (8 * width)) + 2 ** (8 * width)) % 2 ** (8 * width), at, width);
    return bytes;
  },
  // Cut off.
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  // A piece left out.
  (bytes, random) => {
    const at = random(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(16))]);
  },
  // A piece repeated, once or a number of times.
  (bytes, random) => {
    const at = random(bytes.length + 1);
    const piece = bytes.subarray(at, at + 1 + random(24));
    const times = random(8) === 0 ? random(64) : 1;
    return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: times }, () => piece), bytes.subarray(at)]);
  },
  // A piece written over another.
  (bytes, random) => {
    const from = random(bytes.length + 1);
    bytes.copyWithin(random(bytes.length + 1), from, from + random(32));
    return bytes;
  },
  // A word of the format put in, or written over what is there.
  (bytes, random, words) => {
    const word = words[random(words.length)];
    if (word === undefined) return bytes;
    const at = random(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + (random(2) === 0 ? word.length : 0))]);
  },
  // The beginning of this and the end of another.
  (bytes, random, _words, other) =>
    Buffer.concat([bytes.subarray(0, random(bytes.length + 1)), other.subarray(random(other.length + 1))]),
];

/** A changed copy: mostly one or two changes, now and then many. Never longer than `most`. */
export function mutate(seeds: readonly Buffer[], words: readonly Buffer[], random: Random, most: number): Buffer {
  const pick = (): Buffer => seeds[random(seeds.length)] ?? Buffer.alloc(0);
  let bytes: Buffer = Buffer.from(pick());
  for (let left = random(16) === 0 ? 1 + random(12) : 1 + random(3); left > 0; left -= 1) {
    const mutation = mutations[random(mutations.length)];
    if (mutation !== undefined) bytes = mutation(bytes, random, words, pick());
  }
  return bytes.length > most ? bytes.subarray(0, most) : bytes;
}

function changed(bytes: Buffer, random: Random, change: (value: number) => number): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random(bytes.length);
  bytes[at] = change(bytes[at] ?? 0);
  return bytes;
}
