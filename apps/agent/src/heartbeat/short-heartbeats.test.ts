import { agentConfigurationOf, defaultControls } from '@sallyport/local-controls';
import type { HeartbeatRequest, HeartbeatResponse, UnchangedHeartbeat } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { ServerRefusal } from '../connection/json-answer.ts';
import { systemFacts } from '../connection/system-facts.ts';
import { ShortHeartbeats } from './short-heartbeats.ts';

const { signal } = new AbortController();
const service = { status: 'active', startupType: 'enabled' };
const system = systemFacts();
const heartbeat = (over: Partial<HeartbeatRequest> = {}): HeartbeatRequest => ({
  agentVersion: '0',
  generation: 1,
  holdSeconds: 50,
  agentConfiguration: agentConfigurationOf({
    kind: 'in-force',
    controls: defaultControls,
    file: '/c.json',
    generation: 0,
  }),
  serviceStatuses: { extensionService: service, guestConfigurationService: service },
  system,
  ...over,
});

type Answer = HeartbeatResponse | Error;

/** A centre that answers in this order, and then with a hash; what it was sent stands in `sent`. */
function centre(...answers: readonly Answer[]): {
  readonly sent: (HeartbeatRequest | UnchangedHeartbeat)[];
  readonly pass: (minutes: number) => void;
  readonly heartbeats: ShortHeartbeats;
} {
  const left = [...answers];
  let now = 0;
  const sent: (HeartbeatRequest | UnchangedHeartbeat)[] = [];
  const heartbeats = new ShortHeartbeats(
    async (request) => {
      sent.push(request);
      const answer = left.shift() ?? { generation: 1, contentHash: `h${sent.length}` };
      if (answer instanceof Error) throw answer;
      return answer;
    },
    () => now,
  );
  return { sent, heartbeats, pass: (minutes) => void (now += minutes * 60_000) };
}

const refusal = (status: number): Error => new ServerRefusal(status, 'Code', 'no');

test('what was said is called by its name from then on, until something else is to be said', async () => {
  const { sent, heartbeats } = centre();
  await heartbeats.send(heartbeat(), signal);
  await heartbeats.send(heartbeat({ generation: 2, beat: '5.1', holdSeconds: 300 }), signal);
  await heartbeats.send(heartbeat({ agentVersion: '1' }), signal);
  await heartbeats.send(heartbeat({ agentVersion: '1' }), signal);
  expect(sent).toEqual([
    heartbeat(),
    { generation: 2, beat: '5.1', holdSeconds: 300, contentHash: 'h1' },
    heartbeat({ agentVersion: '1' }),
    { generation: 1, holdSeconds: 50, contentHash: 'h3' },
  ]);
});

test('everything is said once an hour, so that what is kept there does not stay damaged', async () => {
  const { sent, heartbeats, pass } = centre();
  await heartbeats.send(heartbeat(), signal);
  for (const minutes of [59, 1, 59]) {
    pass(minutes);
    await heartbeats.send(heartbeat(), signal);
  }
  expect(sent.map((request) => 'system' in request)).toEqual([true, false, true, false]);
});

test('a centre that does not name it is told everything each time', async () => {
  const { sent, heartbeats } = centre({ generation: 1 }, { generation: 1 });
  await heartbeats.send(heartbeat(), signal);
  await heartbeats.send(heartbeat(), signal);
  expect(sent).toEqual([heartbeat(), heartbeat()]);
});

test.each([
  ['one that keeps something else', 409],
  ['an older one behind the same address', 400],
])('%s is told everything at once', async (_, status) => {
  const { sent, heartbeats } = centre({ generation: 1, contentHash: 'a' }, refusal(status), { generation: 9 });
  await heartbeats.send(heartbeat(), signal);
  expect(await heartbeats.send(heartbeat(), signal)).toEqual({ generation: 9 });
  expect(sent).toEqual([heartbeat(), { generation: 1, holdSeconds: 50, contentHash: 'a' }, heartbeat()]);
});

test.each([
  ['a refusal of the machine', refusal(403)],
  ['too much to do', refusal(429)],
  ['a connection that is cut', new Error('cut')],
])('%s is not answered by saying more, and the name is still good', async (_, error) => {
  const { sent, heartbeats } = centre({ generation: 1, contentHash: 'a' }, error);
  await heartbeats.send(heartbeat(), signal);
  await expect(heartbeats.send(heartbeat(), signal)).rejects.toBe(error);
  await heartbeats.send(heartbeat(), signal);
  expect(sent.slice(1)).toEqual([
    { generation: 1, holdSeconds: 50, contentHash: 'a' },
    { generation: 1, holdSeconds: 50, contentHash: 'a' },
  ]);
});

test('a refusal of everything is told, and nothing is remembered of it', async () => {
  const { sent, heartbeats } = centre(refusal(400), { generation: 1 });
  await expect(heartbeats.send(heartbeat(), signal)).rejects.toMatchObject({ status: 400 });
  await heartbeats.send(heartbeat(), signal);
  expect(sent).toEqual([heartbeat(), heartbeat()]);
});
