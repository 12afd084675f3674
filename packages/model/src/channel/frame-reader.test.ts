import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import {
  ChannelError,
  formatAnswer,
  formatRequest,
  parseAnswerLine,
  parseRequestLine,
  type AnswerLine,
  type RequestLine,
} from './frames.ts';

interface Taken {
  readonly line: RequestLine;
  readonly body: string;
}

function requestReader(largest = 1_000_000): { readonly reader: FrameReader<RequestLine>; readonly taken: Taken[] } {
  const taken: Taken[] = [];
  const reader = new FrameReader<RequestLine>({
    parse: parseRequestLine,
    largest: () => largest,
    take: (line, body) => taken.push({ line, body: body.toString('utf8') }),
  });
  return { reader, taken };
}

const whats = fc.constantFrom('heartbeat', 'goal-state', 'reports', 'keys', 'statements', 'authorize', 'cancel');
const request = fc.record({
  number: fc.integer({ min: 1, max: 999_999_999 }),
  what: whats,
  body: fc.string({ unit: 'binary' }),
});

test('T19: whatever pieces they arrive in, the frames are those that were sent', () => {
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
      (sent, sizes) => {
        const { reader, taken } = requestReader();
        const bytes = Buffer.from(sent.map(({ number, what, body }) => formatRequest(number, what, body)).join(''));
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value ?? 1;
          const piece = Buffer.from(bytes.subarray(at, at + size));
          reader.push(piece);
          // The connection may use its buffer again.
          piece.fill(0);
          at += size;
        }
        expect(reader.isWithin).toBe(false);
        expect(taken).toEqual(
          sent.map(({ number, what, body }) => ({
            line: { number, what, bytes: Buffer.byteLength(body) },
            body: Buffer.from(body).toString('utf8'),
          })),
        );
      },
    ),
  );
});

test('a frame that has begun is within, until its last byte', () => {
  const { reader, taken } = requestReader();
  for (const byte of Buffer.from('7 keys 3\nabc')) {
    expect(taken).toEqual([]);
    reader.push(Buffer.from([byte]));
  }
  expect(taken).toEqual([{ line: { number: 7, what: 'keys', bytes: 3 }, body: 'abc' }]);
  expect(reader.isWithin).toBe(false);
});

test.for([
  ['no number', 'heartbeat 0\n', 'MalformedFrame'],
  ['number 0', '0 heartbeat 0\n', 'MalformedFrame'],
  ['a number that is too long', '1234567890 heartbeat 0\n', 'MalformedFrame'],
  ['a request nobody knows', '1 shutdown 0\n', 'MalformedFrame'],
  ['a length with a sign', '1 keys -1\n', 'MalformedFrame'],
  ['a length with zeros before it', '1 keys 007\n', 'MalformedFrame'],
  ['two blanks', '1  keys 0\n', 'MalformedFrame'],
  ['the end of a line as in HTTP', '1 keys 0\r\n', 'MalformedFrame'],
  ['HTTP', 'GET / HTTP/1.1\r\n', 'MalformedFrame'],
  ['a line without end', 'x'.repeat(65), 'MalformedFrame'],
  ['a line that is too long', `${'x'.repeat(70)}\n`, 'MalformedFrame'],
  ['a body that is too large, before any of it came', '1 keys 101\n', 'FrameTooLarge'],
])('T19, T23: %s is refused', ([, text = '', code]) => {
  const { reader, taken } = requestReader(100);
  expect(() => reader.push(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
  expect(taken).toEqual([]);
});

test('T19: whatever arrives, nothing but a ChannelError is thrown', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (pieces) => {
      const { reader } = requestReader(50);
      try {
        for (const piece of pieces) reader.push(Buffer.from(piece));
      } catch (error) {
        expect(error).toBeInstanceOf(ChannelError);
      }
    }),
  );
});

test('answers, with and without the time to wait', () => {
  const taken: (AnswerLine & { readonly body: string })[] = [];
  const reader = new FrameReader<AnswerLine>({
    parse: parseAnswerLine,
    largest: () => 100,
    take: (line, body) => taken.push({ ...line, body: body.toString('utf8') }),
  });
  reader.push(Buffer.from(`${formatAnswer(1, 204, '')}${formatAnswer(2, 429, '{"é":1}', 30)}`));
  expect(taken).toEqual([
    { number: 1, status: 204, bytes: 0, retryAfter: undefined, body: '' },
    { number: 2, status: 429, bytes: 8, retryAfter: 30, body: '{"é":1}' },
  ]);
  expect(() => reader.push(Buffer.from('3 600 0\n'))).toThrow(ChannelError);
});
