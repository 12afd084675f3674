/** The agent API: heartbeat (held: the doorbell), goal state, reports, keys, statements. Every request is of one machine about itself. */
import { isTerminal, messageOf, parseJson } from '@sallyport/model';
import {
  contentUnknown,
  keyRenewalSchema,
  reportRequestSchema,
  statementRequestSchema,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type StatementAnswer,
} from '@sallyport/model/wire';
import type * as z from 'zod/mini';
import type { ShownCheckpoint } from '../activity-log/newest-checkpoint.ts';
import {
  jsonAnswer,
  type PlainAnswer,
  type PlainRequest,
  type PlainRoute,
  type PlainRoutes,
} from '../http/plain-request.ts';
import type { MachineAuthenticator, MachineState } from '../identity/machine-authentication.ts';
import type { Services } from '../services.ts';
import { gatherLookups } from '../store/gather-lookups.ts';
import { applyReport } from './apply-report.ts';
import { formatBeat, nextBeat, parseBeat } from './beat.ts';
import { createGoalStates, type GoalStateServices } from './goal-state.ts';
import type { Wait } from './doorbell.ts';
import type { HeartbeatRecorder } from './heartbeat-recorder.ts';
import { keyAge } from './key-age.ts';
import { offerKey } from './offer-key.ts';
import { quarantineSentence } from './quarantine.ts';
import { takeStatement } from './take-statement.ts';

/**
 * A request is held at most this long, whatever the agent asks; agents find out how long the way to here lets them. A third of the time
 * after which a silent machine counts as disconnected. Seconds.
 */
export const longestHold = 300;
/** Held requests of one machine: one is normal, a second overlaps a reconnect, more is a clone or a fault (T73). */
const mostHeld = 4;
/** A report names a few extensions. Bytes. */
const largestReport = 512 * 1024;
/** A key and its proof. Bytes. */
const largestKey = 16 * 1024;
/** A heartbeat carries the local lists, and ten thousand entries are possible. Bytes. */
const largestHeartbeat = 4 * 1024 * 1024;
/** The same in base64, and how the machine's keys followed one another. Bytes. */
const largestStatement = 8 * 1024 * 1024;

/** The parts of a control plane that agents are answered with. */
export type AgentApiServices = GoalStateServices & Pick<Services, 'doorbell' | 'endBell'>;

/** What was asked for, or the answer to a request that cannot be granted. */
type Granted<T> = { readonly value: T } | { readonly refusal: PlainAnswer };

/** A heartbeat that is on disk, and what its machine was like when it came. */
interface Recorded {
  readonly heartbeat: Pick<HeartbeatRequest, 'generation' | 'beat' | 'holdSeconds'>;
  readonly said: Said;
  readonly state: MachineState;
}

/** What the answer repeats of a heartbeat, or calls it. It is kept while one is held. */
type Said = Pick<HeartbeatRequest, 'beat'> & Pick<HeartbeatResponse, 'contentHash'>;

const paths = /^\/agent\/v1\/machines\/([^/]+)\/(heartbeat|goal-state|reports|keys|statements|channel)$/;

/** The agent API. It answers what is under `/agent/v1/machines/` and leaves everything else. */
export function createAgentApi(
  services: AgentApiServices,
  authenticator: MachineAuthenticator,
  heartbeats: HeartbeatRecorder,
  checkpoint: () => ShownCheckpoint | undefined,
): PlainRoutes {
  const { store, doorbell, endBell, environment } = services;

  const goalStateOf = createGoalStates(services);
  const stateOf = gatherLookups(
    store.lookup((reader, isOneOfTheKeys) =>
      reader
        .selectFrom('machines')
        .select(['vm_id', 'name', 'generation', 'key_since', 'quarantined_at', 'quarantine_reason'])
        .where(isOneOfTheKeys('vm_id')),
    ),
    ({ vm_id }) => vm_id,
  );

  /** The machine that asks, when it may ask anything at all. */
  async function machineOf(request: PlainRequest, asked: string): Promise<Granted<MachineState>> {
    const found = await authenticator.authenticate(request.presented);
    if (found.outcome === 'unknown') {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return { refusal: refuse(401, 'InvalidAuthenticationToken', found.reason, headers) };
    }
    if (found.vmId !== asked.toLowerCase()) {
      const message = 'A machine may speak for itself only; the token is of another machine.';
      return { refusal: refuse(403, 'AuthorizationFailed', message) };
    }
    const { state } = found;
    if (state === undefined) return { refusal: unknownMachine() };
    return state.quarantined_at === null ? { value: state } : { refusal: quarantined(state) };
  }

  async function heartbeat(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const before = doorbell.mark();
    const recorded = await record(request, asked);
    if ('refusal' in recorded) return recorded.refusal;
    const { heartbeat, said, state } = recorded.value;
    const { vm_id: vmId } = state;
    const { generation, beat, holdSeconds } = heartbeat;
    // One agent holds one heartbeat. Another that is held is of a connection that broke, or of a copy of the machine: let
    // both come again at once, so that it is seen which (T73).
    if (beat !== undefined && doorbell.waiting(vmId) > 0) doorbell.ring(vmId);
    const held = holdSeconds === 0 ? undefined : doorbell.wait(vmId, Math.min(holdSeconds, longestHold) * 1000);
    // What was read when it came is as good as now, unless somebody has rung since.
    const current = doorbell.mayHaveRung(vmId, before) ? await stateOf(vmId) : state;
    // Whoever is not to be told anything is told that: the ring about it has been (T73).
    const isAsItKnows = current?.generation === generation && current.quarantined_at === null;
    if (held === undefined || !isAsItKnows) {
      held?.cancel();
      return heartbeatAnswer(vmId, said, current);
    }
    return hold(request, held, said, current);
  }

  async function record(request: PlainRequest, asked: string): Promise<Granted<Recorded>> {
    const machine = await machineOf(request, asked);
    if ('refusal' in machine) return machine;
    const { vm_id: vmId } = machine.value;
    const body = await jsonBody(request, 'The heartbeat', largestHeartbeat);
    if ('refusal' in body) return body;
    if (doorbell.waiting(vmId) >= mostHeld) {
      const message = 'This machine holds several heartbeats already. One agent per machine; was it cloned?';
      return { refusal: refuse(429, 'TooManyRequests', message, { 'retry-after': '30' }) };
    }
    const read = await heartbeats.record(vmId, body.value);
    if (read === 'content-unknown') return { refusal: unknownContent };
    if ('malformed' in read) return { refusal: malformed(read.malformed) };
    const { heartbeat, contentHash } = read;
    const said = contentHash === undefined ? { beat: heartbeat.beat } : { beat: heartbeat.beat, contentHash };
    return { value: { heartbeat, said, state: machine.value } };
  }

  /** Holds a request. Little is kept of it meanwhile: there are as many as machines. */
  function hold(
    request: PlainRequest,
    held: Wait,
    said: Said,
    { vm_id: vmId, name, generation, key_since }: MachineState,
  ): Promise<PlainAnswer> {
    request.whenGone(() => held.cancel());
    request.release();
    return held.rung.then((how) => {
      if (how === 'rung') return stateOf(vmId).then((state) => heartbeatAnswer(vmId, said, state));
      // Nobody rang: what was so still is. Should a ring have been lost, the next heartbeat, which follows at once, finds that out.
      const state = { vm_id: vmId, name, generation, key_since, quarantined_at: null, quarantine_reason: null };
      return heartbeatAnswer(vmId, said, state);
    });
  }

  function heartbeatAnswer(vmId: string, { beat, contentHash }: Said, state: MachineState | undefined): PlainAnswer {
    if (state === undefined) return unknownMachine();
    // Meanwhile, maybe.
    if (state.quarantined_at !== null) return quarantined(state);
    const now = environment.now();
    const { renew, expiresAt } = keyAge(state.key_since, vmId, now);
    return jsonAnswer({
      generation: state.generation,
      beat: formatBeat(nextBeat(parseBeat(beat), now, Math.random())),
      key: { renew, expiresAt: new Date(expiresAt).toISOString() },
      ...(contentHash === undefined ? {} : { contentHash }),
    } satisfies HeartbeatResponse);
  }

  async function goalState(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const machine = await machineOf(request, asked);
    if ('refusal' in machine) return machine.refusal;
    const goal = await goalStateOf(machine.value.vm_id);
    return goal === undefined ? unknownMachine() : jsonAnswer(goal);
  }

  async function report(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const machine = await machineOf(request, asked);
    if ('refusal' in machine) return machine.refusal;
    const parsed = await parsedBody(request, reportRequestSchema, 'The report', largestReport);
    if ('refusal' in parsed) return parsed.refusal;
    const { vm_id: vmId, name } = machine.value;
    const before = (await stateOf(vmId))?.generation;
    await applyReport(environment, store, { vmId, name }, parsed.value);
    if (parsed.value.extensions.some(({ state }) => isTerminal(state))) endBell.ring(vmId);
    if ((await stateOf(vmId))?.generation !== before) doorbell.ring(vmId);
    return { status: 204 };
  }

  /** A machine brings its next key. */
  async function key(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const machine = await machineOf(request, asked);
    if ('refusal' in machine) return machine.refusal;
    const parsed = await parsedBody(request, keyRenewalSchema, 'The key', largestKey);
    if ('refusal' in parsed) return parsed.refusal;
    const offer = await offerKey(environment, store, machine.value.vm_id, parsed.value);
    return offer.outcome === 'kept' ? { status: 204 } : refuse(400, offer.code, offer.message);
  }

  /** A machine brings what it signed of itself, and is shown where the activity log stands. */
  async function statement(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const machine = await machineOf(request, asked);
    if ('refusal' in machine) return machine.refusal;
    const parsed = await parsedBody(request, statementRequestSchema, 'The statement', largestStatement);
    if ('refusal' in parsed) return parsed.refusal;
    const taken = await takeStatement(environment, store, machine.value.vm_id, parsed.value.statement);
    if (taken.outcome === 'refused') return refuse(400, taken.code, taken.message);
    return jsonAnswer({ ...checkpoint() } satisfies StatementAnswer);
  }

  /** A connection becomes a channel for whoever may ask anything; each request over it is asked again. */
  async function channel(request: PlainRequest, asked: string): Promise<PlainAnswer> {
    const machine = await machineOf(request, asked);
    return 'refusal' in machine ? machine.refusal : { status: 101 };
  }

  const answers = {
    heartbeat,
    'goal-state': goalState,
    reports: report,
    keys: key,
    statements: statement,
    channel,
  } as const;

  const routeOf = (what: keyof typeof answers, asked: string): PlainRoute => {
    const answer = answers[what];
    return { kind: what, largest: largestBodies[what], answer: (request) => answer(request, asked) };
  };

  return (method, path) => {
    const [, asked, what] = paths.exec(path) ?? [];
    if (asked === undefined || what === undefined || !isAnswered(what) || method !== methods[what]) return undefined;
    const route = routeOf(what, asked);
    return what === 'channel' ? { ...route, channel: (request) => routeOf(request, asked) } : route;
  };
}

const methods = {
  heartbeat: 'POST',
  'goal-state': 'GET',
  reports: 'POST',
  keys: 'POST',
  statements: 'POST',
  channel: 'GET',
} as const;

const largestBodies: Readonly<Record<keyof typeof methods, number>> = {
  heartbeat: largestHeartbeat,
  'goal-state': 0,
  reports: largestReport,
  keys: largestKey,
  statements: largestStatement,
  channel: 0,
};

function isAnswered(what: string): what is keyof typeof methods {
  return Object.hasOwn(methods, what);
}

async function parsedBody<T>(
  request: PlainRequest,
  schema: z.ZodMiniType<T>,
  what: string,
  largest: number,
): Promise<Granted<T>> {
  const body = await jsonBody(request, what, largest);
  if ('refusal' in body) return body;
  try {
    return { value: parseJson(schema, body.value, what) };
  } catch (error) {
    return { refusal: malformed(messageOf(error)) };
  }
}

/** The text of a body that says that it is JSON. */
async function jsonBody(request: PlainRequest, what: string, largest: number): Promise<Granted<string>> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.header('content-type') ?? '')) {
    return { refusal: refuse(415, 'UnsupportedMediaType', `${what} must be of type application/json.`) };
  }
  const text = await request.text(largest);
  if (text !== undefined) return { value: text };
  const message = `${what} is larger than ${largest} bytes, compressed, or not UTF-8.`;
  return { refusal: refuse(413, 'RequestEntityTooLarge', message) };
}

/** The answer to a heartbeat that says that all is as it was, where something else is kept: after a restore, or of a copy (T73). */
const unknownContent = refuse(
  409,
  contentUnknown,
  'What this machine said of itself before is not what is kept here. Send the heartbeat whole.',
);

function malformed(message: string): PlainAnswer {
  return refuse(400, 'InvalidRequestContent', message);
}

function quarantined({ name, quarantine_reason }: Pick<MachineState, 'name' | 'quarantine_reason'>): PlainAnswer {
  return refuse(403, 'MachineQuarantined', quarantineSentence(name, quarantine_reason ?? ''));
}

function unknownMachine(): PlainAnswer {
  return refuse(404, 'MachineNotFound', 'The machine is not known here. It was deleted centrally; connect it again.');
}

function refuse(
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): PlainAnswer {
  return jsonAnswer({ error: { code, message } }, status, headers);
}
