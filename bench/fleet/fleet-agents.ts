/**
 * A process full of agents that speak the real protocol: each holds a heartbeat on a connection of its own, comes again when it is
 * answered, fetches its goal state when the generation is another, and after a failure waits as the agent does. It tells its parent
 * what happens. Argument: a file with {@link FleetAgents} as JSON.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeartbeatResponse, UnchangedHeartbeat } from '@sallyport/model/wire';
import { backoff } from '../../apps/agent/src/platform/backoff.ts';
import {
  openConnection,
  Refused,
  type Address,
  type HeldConnection,
  type KeptSession,
  type Way,
} from './held-connection.ts';
import type { FleetMachine } from './populate-fleet.ts';

export interface FleetAgents {
  readonly address: Address;
  /** The authority of the control plane's certificate. */
  readonly ca: string;
  readonly machines: readonly FleetMachine[];
  readonly holdSeconds: number;
  /** Without channels, as where none passes. */
  readonly plain: boolean;
  /** So many are on their way to be connected at once, at the start. */
  readonly atOnce: number;
}

/** Tries that failed: nobody listened, the answer was another than was asked for, the connection ended in between. */
export interface Failures {
  readonly unheard: number;
  readonly refused: number;
  readonly cut: number;
}

export type FleetMessage =
  | { readonly kind: 'now'; readonly held: number; readonly failures: Failures; readonly fetched: number }
  | { readonly kind: 'woken'; readonly vmId: string; readonly at: number };

const { address, ca, machines, holdSeconds, plain, atOnce } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as FleetAgents;
const way: Way = { ...address, secureContext: createSecureContext({ ca }) };
let held = 0;
let failures: Failures = { unheard: 0, refused: 0, cut: 0 };
let fetched = 0;
let left = [...machines];
let starting = 0;

function startMore(): void {
  while (starting < atOnce && left.length > 0) {
    const [machine, ...rest] = left;
    left = rest;
    if (machine === undefined) return;
    starting += 1;
    void live(machine, () => {
      starting -= 1;
      startMore();
    });
  }
}

/** One agent, until the process ends. */
async function live(machine: FleetMachine, started: () => void): Promise<void> {
  let generation = 0;
  let beat: string | undefined;
  /** What the control plane calls what this machine says of itself, which is the same each time. */
  let contentHash: string | undefined;
  let first: (() => void) | undefined = started;
  let connection: HeldConnection | undefined;
  const session: KeptSession = {};
  let wait = backoff({ firstSeconds: 1, mostSeconds: 60, random: Math.random });
  // Agents of a fleet were not started at the same time: the first hold ends anywhere within the usual one.
  let hold = Math.max(1, Math.round(holdSeconds * Math.random()));
  for (;;) {
    let counted = false;
    try {
      if (connection === undefined || connection.closed)
        connection = await openConnection(way, session, machine, plain);
      held += 1;
      counted = true;
      const beating = connection.send(
        'heartbeat',
        heartbeat(machine, { generation, beat, holdSeconds: hold, contentHash }),
      );
      if (first !== undefined && generation !== 0) {
        first();
        first = undefined;
      }
      const answer = await beating;
      if (answer.status === 409 && contentHash !== undefined) {
        contentHash = undefined;
        held -= 1;
        continue;
      }
      if (answer.status !== 200) throw new Refused(answer);
      const said = JSON.parse(answer.body) as HeartbeatResponse;
      ({ beat } = said);
      contentHash ??= said.contentHash;
      if (said.generation !== generation) {
        if (generation !== 0) tell({ kind: 'woken', vmId: machine.vmId, at: Date.now() });
        const goal = await connection.send('goal-state', '');
        if (goal.status !== 200) throw new Refused(goal);
        generation = (JSON.parse(goal.body) as { readonly generation: number }).generation;
        fetched += 1;
      } else hold = holdSeconds;
      wait = backoff({ firstSeconds: 1, mostSeconds: 60, random: Math.random });
    } catch (error) {
      failures = { ...failures, ...oneMore(error) };
      // Who is refused keeps its connection, as an agent does.
      if (!(error instanceof Refused) || error.answer.isLast) {
        connection?.close();
        connection = undefined;
      }
      if (counted) held -= 1;
      counted = false;
      await sleep(waitAfter(error, wait));
    }
    if (counted) held -= 1;
  }
}

function oneMore(error: unknown): Partial<Failures> {
  if (error instanceof Refused) return { refused: failures.refused + 1 };
  const isUnheard = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  return isUnheard ? { unheard: failures.unheard + 1 } : { cut: failures.cut + 1 };
}

/** As agents wait: for as long as a control plane that has too much to do asks for, and otherwise longer each time. Milliseconds. */
function waitAfter(error: unknown, own: () => number): number {
  if (!(error instanceof Refused) || error.answer.retryAfter === undefined) return own();
  const asked = error.answer.retryAfter * 1000 * (1 + Math.random() / 4);
  return error.answer.status === 429 ? asked : Math.max(own(), asked);
}

/** What a heartbeat says besides its machine, and in its place where that is known. */
type Moment = { readonly [name in keyof UnchangedHeartbeat]: UnchangedHeartbeat[name] | undefined };

function heartbeat({ name, vmId }: FleetMachine, moment: Moment): string {
  if (moment.contentHash !== undefined) return JSON.stringify(moment);
  const service = { status: 'running', startupType: 'enabled' };
  return JSON.stringify({
    ...moment,
    agentVersion: '0.1.0',
    agentConfiguration: {
      proxyUrl: '',
      incomingConnectionsPorts: [],
      extensionsAllowList: [],
      extensionsBlockList: [],
      proxyBypass: [],
      extensionsEnabled: 'true',
      guestConfigurationEnabled: 'false',
      configMode: 'full',
    },
    serviceStatuses: { extensionService: service, guestConfigurationService: service },
    system: {
      computerName: name,
      machineFqdn: `${name}.test`,
      osName: 'linux',
      osVersion: '6.1',
      osSku: 'Debian 12',
      osType: 'linux',
      vmUuid: vmId,
      manufacturer: 'Benchmark',
      model: 'Benchmark',
    },
  });
}

function tell(message: FleetMessage): void {
  process.send?.(message);
}

setInterval(() => tell({ kind: 'now', held, failures, fetched }), 100);
startMore();
