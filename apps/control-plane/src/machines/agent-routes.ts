/** The agent API: heartbeat (held: the doorbell), goal state, reports. Every request is of one machine about itself. */
import { messageOf, parseJson } from '@sallyport/model';
import {
  heartbeatRequestSchema,
  keyRenewalSchema,
  reportRequestSchema,
  type HeartbeatResponse,
} from '@sallyport/model/wire';
import type { Context, Hono } from 'hono';
import type { Selectable } from 'kysely';
import type * as z from 'zod/mini';
import { readBody } from '../http/body.ts';
import type { Services } from '../services.ts';
import { gatherLookups } from '../store/gather-lookups.ts';
import type { MachineRow } from '../store/schema/machine-rows.ts';
import type { Store } from '../store/store.ts';
import { applyReport } from './apply-report.ts';
import { formatBeat, nextBeat, parseBeat } from './beat.ts';
import { fetchGoalState } from './goal-state.ts';
import type { HeartbeatRecorder } from './heartbeat-recorder.ts';
import { keyAge } from './key-age.ts';
import { offerKey } from './offer-key.ts';
import { quarantineSentence } from './quarantine.ts';

/** A request is held at most this long, whatever the agent asks: proxies cut silent requests at a minute. Seconds. */
export const longestHold = 50;
/** Held requests of one machine: one is normal, a second overlaps a reconnect, more is a clone or a fault (T73). */
const mostHeld = 4;
/** A report names a few extensions. Bytes. */
const largestReport = 512 * 1024;
/** A key and its proof. Bytes. */
const largestKey = 16 * 1024;
/** A heartbeat carries the local lists, and ten thousand entries are possible. Bytes. */
const largestHeartbeat = 4 * 1024 * 1024;

interface Machine {
  readonly vmId: string;
  readonly name: string;
}

type MachineState = Pick<
  Selectable<MachineRow>,
  'vm_id' | 'name' | 'generation' | 'key_since' | 'quarantined_at' | 'quarantine_reason'
>;

type MachineStates = (vmId: string) => Promise<MachineState | undefined>;

function machineStates(store: Store): MachineStates {
  return gatherLookups(
    (ids) =>
      store.read
        .selectFrom('machines')
        .select(['vm_id', 'name', 'generation', 'key_since', 'quarantined_at', 'quarantine_reason'])
        .where('vm_id', 'in', ids)
        .execute(),
    ({ vm_id }) => vm_id,
  );
}

/** Adds the routes of the agent API. */
export function addAgentRoutes(app: Hono, services: Services, heartbeats: HeartbeatRecorder): void {
  const { store, doorbell, environment } = services;

  const stateOf = machineStates(store);

  async function generationOf(vmId: string): Promise<number | undefined> {
    return (await stateOf(vmId))?.generation;
  }

  app.post('/agent/v1/machines/:vmId/heartbeat', async (c) =>
    withMachine(services, stateOf, c, async ({ vmId }) => {
      const heartbeat = await parsedBody(c, heartbeatRequestSchema, 'The heartbeat', largestHeartbeat);
      if (heartbeat instanceof Response) return heartbeat;
      if (doorbell.waiting(vmId) >= mostHeld) {
        const message = 'This machine holds several heartbeats already. One agent per machine; was it cloned?';
        return refuse(429, 'TooManyRequests', message, { 'retry-after': '30' });
      }
      await heartbeats.record(vmId, heartbeat);
      // One agent holds one heartbeat. Another that is held is of a connection that broke, or of a copy of the machine: let
      // both come again at once, so that it is seen which (T73).
      if (heartbeat.beat !== undefined && doorbell.waiting(vmId) > 0) doorbell.ring(vmId);
      const hold = Math.min(heartbeat.holdSeconds, longestHold) * 1000;
      const { rung, cancel } = doorbell.wait(vmId, hold, c.req.raw.signal);
      const before = await generationOf(vmId);
      if (before !== heartbeat.generation || hold === 0) cancel();
      await rung;
      const after = await stateOf(vmId);
      if (after === undefined) return unknownMachine();
      // Meanwhile, maybe.
      if (after.quarantined_at !== null) return quarantined(after);
      const now = environment.now();
      const { renew, expiresAt } = keyAge(after.key_since, vmId, now);
      return Response.json({
        generation: after.generation,
        beat: formatBeat(nextBeat(parseBeat(heartbeat.beat), now, Math.random())),
        key: { renew, expiresAt: new Date(expiresAt).toISOString() },
      } satisfies HeartbeatResponse);
    }),
  );

  app.get('/agent/v1/machines/:vmId/goal-state', async (c) =>
    withMachine(services, stateOf, c, async ({ vmId }) => {
      const goal = await fetchGoalState(services, vmId);
      return goal === undefined ? unknownMachine() : Response.json(goal);
    }),
  );

  app.post('/agent/v1/machines/:vmId/reports', async (c) =>
    withMachine(services, stateOf, c, async (machine) => {
      const report = await parsedBody(c, reportRequestSchema, 'The report', largestReport);
      if (report instanceof Response) return report;
      const before = await generationOf(machine.vmId);
      await applyReport(services.environment, store, machine, report);
      if ((await generationOf(machine.vmId)) !== before) doorbell.ring(machine.vmId);
      return new Response(null, { status: 204 });
    }),
  );
}

/** Adds the route by which a machine brings its next key. */
export function addKeyRoute(app: Hono, services: Services): void {
  const stateOf = machineStates(services.store);
  app.post('/agent/v1/machines/:vmId/keys', async (c) =>
    withMachine(services, stateOf, c, async ({ vmId }) => {
      const renewal = await parsedBody(c, keyRenewalSchema, 'The key', largestKey);
      if (renewal instanceof Response) return renewal;
      const offer = await offerKey(services.environment, services.store, vmId, renewal);
      return offer.outcome === 'kept' ? new Response(null, { status: 204 }) : refuse(400, offer.code, offer.message);
    }),
  );
}

async function withMachine(
  services: Services,
  stateOf: MachineStates,
  c: Context,
  answer: (machine: Machine) => Promise<Response>,
): Promise<Response> {
  const found = await services.authenticator.authenticate(c.req.header('authorization'), 'agent');
  if (found.outcome !== 'caller') {
    return refuse(401, 'InvalidAuthenticationToken', found.reason, {
      'www-authenticate': 'Bearer error="invalid_token"',
    });
  }
  const vmId = c.req.param('vmId')?.toLowerCase() ?? '';
  if (found.principal.vm_id !== vmId) {
    return refuse(403, 'AuthorizationFailed', 'A machine may speak for itself only; the token is of another machine.');
  }
  const machine = await stateOf(vmId);
  if (machine === undefined) return unknownMachine();
  if (machine.quarantined_at !== null) return quarantined(machine);
  return answer({ vmId, name: machine.name });
}

async function parsedBody<T>(
  c: Context,
  schema: z.ZodMiniType<T>,
  what: string,
  largest: number,
): Promise<T | Response> {
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) {
    return refuse(415, 'UnsupportedMediaType', `${what} must be of type application/json.`);
  }
  const text = await readBody(c.req.raw, largest);
  if (text === undefined)
    return refuse(413, 'RequestEntityTooLarge', `${what} is larger than ${largest} bytes, compressed, or not UTF-8.`);
  try {
    return parseJson(schema, text, what);
  } catch (error) {
    return refuse(400, 'InvalidRequestContent', messageOf(error));
  }
}

function quarantined({ name, quarantine_reason }: Pick<MachineState, 'name' | 'quarantine_reason'>): Response {
  return refuse(403, 'MachineQuarantined', quarantineSentence(name, quarantine_reason ?? ''));
}

function unknownMachine(): Response {
  return refuse(404, 'MachineNotFound', 'The machine is not known here. It was deleted centrally; connect it again.');
}

function refuse(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}
