/** From the pieces that a connection hands over to the frames in them. Between two frames it keeps nothing. */
import { ChannelError } from './frames.ts';

/** Longer than any line of the protocol. */
const longestLine = 64;
const newline = 0x0a;

export interface FrameKind<Line extends { readonly bytes: number }> {
  /** Reads a line, without its end. Throws `ChannelError`. */
  parse(line: string): Line;
  /** How many bytes its body may have. */
  largest(line: Line): number;
  /** A whole frame. The body is good until this returns. */
  take(line: Line, body: Buffer): void;
}

/** Reads the frames of one direction of one connection. */
export class FrameReader<Line extends { readonly bytes: number }> {
  readonly #kind: FrameKind<Line>;
  /** The beginning of a line, while its end is missing. */
  #begun: Buffer | undefined;
  /** The line whose body is still coming, and what is there of it. */
  #line: Line | undefined;
  #pieces: Buffer[] | undefined;
  #missing = 0;

  constructor(kind: FrameKind<Line>) {
    this.#kind = kind;
  }

  /** Whether a frame has begun and not ended. */
  get isWithin(): boolean {
    return this.#begun !== undefined || this.#line !== undefined;
  }

  /** Takes the next piece. Throws `ChannelError`; nothing more can be read then. */
  push(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) rest = this.#line === undefined ? this.#readLine(rest) : this.#readBody(this.#line, rest);
  }

  #readLine(piece: Buffer): Buffer {
    const whole = this.#begun === undefined ? piece : Buffer.concat([this.#begun, piece]);
    const end = whole.indexOf(newline);
    if (end > longestLine || (end === -1 && whole.length > longestLine))
      throw new ChannelError('MalformedFrame', `A line of a channel has at most ${longestLine} bytes.`);
    if (end === -1) {
      this.#begun = Buffer.from(whole);
      return whole.subarray(whole.length);
    }
    this.#begun = undefined;
    const line = this.#kind.parse(whole.toString('latin1', 0, end));
    const { bytes } = line;
    const largest = this.#kind.largest(line);
    if (bytes > largest)
      throw new ChannelError('FrameTooLarge', `A frame of ${bytes} bytes came where ${largest} are allowed.`);
    const next = end + 1 + bytes;
    if (whole.length >= next) {
      this.#kind.take(line, whole.subarray(end + 1, next));
      return whole.subarray(next);
    }
    this.#line = line;
    this.#missing = bytes;
    this.#pieces = [];
    return whole.subarray(end + 1);
  }

  #readBody(line: Line, piece: Buffer): Buffer {
    const part = piece.subarray(0, this.#missing);
    this.#missing -= part.length;
    // What arrives may lie in a buffer that is used again.
    this.#pieces?.push(Buffer.from(part));
    if (this.#missing === 0) {
      const body = Buffer.concat(this.#pieces ?? [], line.bytes);
      this.#line = undefined;
      this.#pieces = undefined;
      this.#kind.take(line, body);
    }
    return piece.subarray(part.length);
  }
}
