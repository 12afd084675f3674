/** The agent API: heartbeat (held: the doorbell), goal state, reports. Every request is of one machine about itself. */
import { messageOf, parseJson } from '@sallyport/model';
import { heartbeatRequestSchema, reportRequestSchema } from '@sallyport/model/wire';
import type { Context, Hono } from 'hono';
import type * as z from 'zod/mini';
import { readBody } from '../http/body.ts';
import type { Services } from '../services.ts';
import { applyReport } from './apply-report.ts';
import { fetchGoalState } from './goal-state.ts';
import type { HeartbeatRecorder } from './heartbeat-recorder.ts';

/** A request is held at most this long, whatever the agent asks: proxies cut silent requests at a minute. Seconds. */
export const longestHold = 50;
/** Held requests of one machine: one is normal, a second overlaps a reconnect, more is a clone or a fault (T73). */
const mostHeld = 4;
/** A report names a few extensions. Bytes. */
const largestReport = 512 * 1024;
/** A heartbeat carries the local lists, and ten thousand entries are possible. Bytes. */
const largestHeartbeat = 4 * 1024 * 1024;

interface Machine {
  readonly vmId: string;
  readonly name: string;
}

/** Adds the routes of the agent API. */
export function addAgentRoutes(app: Hono, services: Services, heartbeats: HeartbeatRecorder): void {
  const { store, doorbell } = services;

  async function generationOf(vmId: string): Promise<number | undefined> {
    const row = await store.read
      .selectFrom('machines')
      .select('generation')
      .where('vm_id', '=', vmId)
      .executeTakeFirst();
    return row?.generation;
  }

  app.post('/agent/v1/machines/:vmId/heartbeat', async (c) =>
    withMachine(services, c, async ({ vmId }) => {
      const heartbeat = await parsedBody(c, heartbeatRequestSchema, 'The heartbeat', largestHeartbeat);
      if (heartbeat instanceof Response) return heartbeat;
      if (doorbell.waiting(vmId) >= mostHeld) {
        const message = 'This machine holds several heartbeats already. One agent per machine; was it cloned?';
        return refuse(429, 'TooManyRequests', message, { 'retry-after': '30' });
      }
      await heartbeats.record(vmId, heartbeat);
      const hold = Math.min(heartbeat.holdSeconds, longestHold) * 1000;
      const { rung, cancel } = doorbell.wait(vmId, hold, c.req.raw.signal);
      const before = await generationOf(vmId);
      if (before !== heartbeat.generation || hold === 0) cancel();
      await rung;
      const generation = await generationOf(vmId);
      if (generation === undefined) return unknownMachine();
      return Response.json({ generation });
    }),
  );

  app.get('/agent/v1/machines/:vmId/goal-state', async (c) =>
    withMachine(services, c, async ({ vmId }) => {
      const goal = await fetchGoalState(services, vmId);
      return goal === undefined ? unknownMachine() : Response.json(goal);
    }),
  );

  app.post('/agent/v1/machines/:vmId/reports', async (c) =>
    withMachine(services, c, async (machine) => {
      const report = await parsedBody(c, reportRequestSchema, 'The report', largestReport);
      if (report instanceof Response) return report;
      const before = await generationOf(machine.vmId);
      await applyReport(services.environment, store, machine, report);
      if ((await generationOf(machine.vmId)) !== before) doorbell.ring(machine.vmId);
      return new Response(null, { status: 204 });
    }),
  );
}

async function withMachine(
  services: Services,
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
  const machine = await services.store.read
    .selectFrom('machines')
    .select('name')
    .where('vm_id', '=', vmId)
    .executeTakeFirst();
  return machine === undefined ? unknownMachine() : answer({ vmId, name: machine.name });
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
