import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { FrameReader, formatAnswer, parseRequestLine, type RequestLine } from '@sallyport/model/channel';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { AgentExchange } from '../agent-exchange.ts';
import type { HttpAnswer } from '../http-client.ts';
import { Channel } from './channel.ts';
import type { NoChannel } from './channel-trial.ts';

const never = new AbortController().signal;

interface Request extends RequestLine {
  readonly text: string;
}

interface Pair {
  readonly channel: Channel;
  /** The other end of the connection. */
  readonly plane: Socket;
  /** What has arrived there. */
  readonly requests: Request[];
  /** How it was over, once it was. */
  readonly over: (NoChannel | undefined)[];
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function pair(head = '', monotonic = () => 0): Promise<Pair> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const socket = createConnection((listening.address() as AddressInfo).port, '127.0.0.1');
  const [plane] = (await once(listening, 'connection')) as [Socket];
  const requests: Request[] = [];
  const reader = new FrameReader<RequestLine>({
    parse: parseRequestLine,
    largest: () => 1_000_000,
    take: (line, body) => requests.push({ ...line, text: body.toString('utf8') }),
  });
  plane.on('data', (piece: Buffer) => reader.push(piece));
  plane.on('error', () => undefined);
  const over: (NoChannel | undefined)[] = [];
  const channel = new Channel(
    { socket, head: Buffer.from(head) },
    { host: 'plane', token: 'one', over: (how) => over.push(how), monotonic },
  );
  closing.push(() => {
    channel.close();
    plane.destroy();
    listening.close();
  });
  return { channel, plane, requests, over };
}

const heartbeat: AgentExchange = { what: 'heartbeat', body: '{"é":1}', maximumBytes: 100, timeoutMilliseconds: 60_000 };
function answerOf(answer: HttpAnswer | 'ended'): HttpAnswer {
  if (answer === 'ended') throw new Error('the channel had ended');
  return answer;
}

const goalState: AgentExchange = { what: 'goal-state', maximumBytes: 100, timeoutMilliseconds: 60_000 };

test('requests go side by side, each gets its own answer, with the time to wait', async () => {
  const { channel, plane, requests } = await pair();
  const held = channel.exchange(heartbeat, 'one', never);
  const asked = channel.exchange(goalState, 'one', never);
  await expect
    .poll(() => requests.map(({ what, text }) => [what, text]))
    .toEqual([
      ['heartbeat', '{"é":1}'],
      ['goal-state', ''],
    ]);
  plane.write(`${formatAnswer(2, 429, '{}', 30)}${formatAnswer(1, 200, '{"a":"é"}')}`);
  expect(await asked).toMatchObject({ status: 429, headers: { 'retry-after': '30' } });
  const answer = answerOf(await held);
  expect([answer.status, answer.body.toString()]).toEqual([200, '{"a":"é"}']);
});

test('another token is brought before the request that needs it, and once', async () => {
  const { channel, requests } = await pair();
  for (const token of ['one', 'two', 'two']) channel.exchange(goalState, token, never).catch(() => undefined);
  await expect
    .poll(() => requests.map(({ what, text }) => [what, text]))
    .toEqual([
      ['goal-state', ''],
      ['authorize', 'two'],
      ['goal-state', ''],
      ['goal-state', ''],
    ]);
});

test('what is taken back is told, its answer is not missed when it comes all the same, and the connection stays', async () => {
  const { channel, plane, requests, over } = await pair();
  const wanted = new AbortController();
  const held = channel.exchange(heartbeat, 'one', wanted.signal);
  wanted.abort();
  await expect(held).rejects.toMatchObject({ code: 'Unreachable' });
  await expect
    .poll(() => requests.map(({ what, number }) => [what, number]))
    .toEqual([
      ['heartbeat', 1],
      ['cancel', 1],
    ]);
  plane.write(formatAnswer(1, 200, 'late'));
  const next = channel.exchange(goalState, 'one', never);
  plane.write(formatAnswer(2, 200, '{}'));
  expect(answerOf(await next).status).toBe(200);
  expect(over).toEqual([]);
  await expect(channel.exchange(goalState, 'one', AbortSignal.abort())).rejects.toMatchObject({ code: 'Unreachable' });
});

test('T23 what is not answered in time ends the channel, and everything on it', async () => {
  const { channel, over } = await pair();
  const other = channel.exchange(heartbeat, 'one', never);
  const late = channel.exchange({ ...goalState, timeoutMilliseconds: 30 }, 'one', never);
  await expect(late).rejects.toMatchObject({ code: 'TimedOut', message: expect.stringContaining('plane') });
  await expect(other).rejects.toMatchObject({ code: 'Unreachable' });
  expect(over).toEqual(['silent']);
  expect(await channel.exchange(heartbeat, 'one', never)).toBe('ended');
});

test('a connection that ends fails what is under way in one sentence, and says whether anything was ever answered', async () => {
  const first = await pair();
  const cut = first.channel.exchange(heartbeat, 'one', never);
  first.plane.end();
  await expect(cut).rejects.toThrow('plane cannot be reached: it closed the connection.');
  expect(first.over).toEqual(['cut']);
  const second = await pair();
  const answered = second.channel.exchange(heartbeat, 'one', never);
  second.plane.write(formatAnswer(1, 200, '{}'));
  await answered;
  second.plane.destroy();
  await expect.poll(() => second.over).toEqual([undefined]);
});

test.for([
  ['is larger than its request allows', formatAnswer(1, 200, 'x'.repeat(101)), 'TooLarge'],
  ['is to another request', formatAnswer(7, 200, ''), 'Unreachable'],
  ['is no frame', 'HTTP/1.1 200 OK\r\n\r\n', 'Unreachable'],
  ['is the page of a captive portal', `<html>${'x'.repeat(100)}`, 'Unreachable'],
  ['comes twice', `${formatAnswer(2, 200, '')}${formatAnswer(2, 200, '')}`, 'Unreachable'],
] as const)('T23 T78 T79 an answer that %s ends the channel', async ([, bytes, code]) => {
  const { channel, plane, over } = await pair();
  const asked = channel.exchange(heartbeat, 'one', never);
  channel.exchange(goalState, 'one', never).catch(() => undefined);
  plane.write(bytes);
  await expect(asked).rejects.toMatchObject({ code });
  expect(over).toHaveLength(1);
});

test('T23 whatever comes, a request ends with an answer or with an HttpError', async () => {
  const answer = fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 100, max: 599 }),
    fc.string({ maxLength: 120 }),
  );
  const piece = fc.oneof(
    answer.map(([number, status, body]) => Buffer.from(formatAnswer(number, status, body))),
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const { channel, plane } = await pair();
      const asked = channel.exchange(heartbeat, 'one', never);
      for (const bytes of pieces) plane.write(bytes);
      plane.end();
      const end = await asked.then(
        (answer) => answerOf(answer).status,
        (error: unknown) => (error as { readonly code: string }).code,
      );
      expect(typeof end === 'number' ? 'answer' : end).toMatch(/^(?:answer|Unreachable|TooLarge)$/);
    }),
    { numRuns: 60 },
  );
});

test('S2.1 T19 what crossed the orderly end of a channel is to be sent again; who was held for long comes later, as does who was cut', async () => {
  let now = 0;
  const { channel, plane, over } = await pair('', () => now);
  const held = channel.exchange(heartbeat, 'one', never);
  const first = channel.exchange(goalState, 'one', never);
  plane.write(formatAnswer(2, 200, '{}'));
  expect(answerOf(await first).status).toBe(200);
  now += 60_000;
  const crossing = channel.exchange(goalState, 'one', never);
  plane.end();
  expect(await crossing).toBe('ended');
  await expect(held).rejects.toMatchObject({ code: 'Unreachable' });
  expect(over).toEqual([undefined]);

  const cut = await pair();
  const answered = cut.channel.exchange(goalState, 'one', never);
  cut.plane.write(formatAnswer(1, 200, '{}'));
  await answered;
  const lost = cut.channel.exchange(goalState, 'one', never);
  cut.plane.resetAndDestroy();
  await expect(lost).rejects.toMatchObject({ code: 'Unreachable' });
});
