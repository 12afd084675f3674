/**
 * Heartbeats made durable, on both stores: a real control plane, TLS, 64 connections that each send the next as soon as the last is
 * answered, on the same cores; over channels, as agents send them, in few words and whole, and as plain requests, which they make do with where no channel passes.
 * There are floors: the same client asking the same server for `/healthz`, which touches no store, and asking bare servers of Node's, one
 * for HTTPS and one for frames over TLS.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatAnswer } from '@sallyport/model/channel';
import type { HeartbeatRequest, HeartbeatResponse, UnchangedHeartbeat } from '@sallyport/model/wire';
import { hasPostgres, startPostgres, temporaryDirectory } from '@sallyport/testkit';
import { processEnvironment } from '../apps/control-plane/src/environment.ts';
import { issueAccessToken } from '../apps/control-plane/src/identity/access-token.ts';
import { agentAudience } from '../apps/control-plane/src/identity/audience.ts';
import { endpointOf } from '../apps/control-plane/src/identity/endpoint.ts';
import type { Principal } from '../apps/control-plane/src/identity/principals.ts';
import { readSigningKey } from '../apps/control-plane/src/identity/signing-key.ts';
import { contentOf } from '../apps/control-plane/src/machines/heartbeat-row.ts';
import { statePaths } from '../apps/control-plane/src/state/state-paths.ts';
import { readPostgresAddress } from '../apps/control-plane/src/store/postgres/address.ts';
import { openStore, type Store } from '../apps/control-plane/src/store/store.ts';
import { addMachine } from '../apps/control-plane/src/testing/test-machine.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from '../tests/clients/control-plane-process.ts';
import { agentConfiguration } from '../tests/clients/fake-agent.ts';
import { spreadOf, type Spread } from './measure.ts';
import {
  openRawChannel,
  openRawConnection,
  openRawFrames,
  rawFrame,
  rawRequest,
  type RawConnection,
} from './raw-client.ts';
import { printRows, ratio, type Row } from './report.ts';

const machineCount = 64;
/** Before the rounds: the server's code is compiled as it is used. */
const requestsBefore = 20_000;
const requestsInRound = 5_000;
const rounds = 5;

export async function run(): Promise<void> {
  const rows: Row[] = await measure('SQLite', undefined);
  if (hasPostgres()) {
    // Durable: unlike in tests it forces its commits to disk.
    const server = await startPostgres({ settings: ['fsync=on'] });
    try {
      rows.push(...(await measure('PostgreSQL', server.database())));
    } finally {
      await server.stop();
    }
  }
  printRows('Heartbeats made durable', rows);
}

interface Round {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  readonly cpuMicroseconds: number;
  /** What the client takes of the same cores. */
  readonly clientMicroseconds: number;
}

async function measure(name: string, address: string | undefined): Promise<Row[]> {
  using folder = temporaryDirectory('bench-heartbeats');
  const state = join(folder.path, 'state');
  const settings = address === undefined ? [] : ['--store', address];
  const plane = await startControlPlaneProcess(state, '--log-level', 'error', ...settings);
  const ca = readFileSync(plane.operator.caFile, 'utf8');
  const bare = await startBareServer(state);
  const opened: RawConnection[] = [];
  const connections = async (opening: readonly Promise<RawConnection>[]): Promise<readonly RawConnection[]> => {
    const open = await Promise.all(opening);
    opened.push(...open);
    return open;
  };
  try {
    const store = await openStore(state, address === undefined ? undefined : readPostgresAddress(address));
    const machines = await addMachines(plane, store);
    await store.close();
    const requests = machines.map(({ vmId, token }) =>
      rawRequest('POST', `/agent/v1/machines/${vmId}/heartbeat`, token, unchanged(vmId)),
    );
    const whole = machines.map(({ vmId }) => rawFrame(heartbeat(vmId)));
    const frames = machines.map(({ vmId }) => rawFrame(unchanged(vmId)));
    const health = requests.map(() => rawRequest('GET', '/healthz', undefined));
    const open = await connections(machines.map(() => openRawConnection(plane.port, ca)));
    const channels = await connections(machines.map(({ vmId, token }) => openRawChannel(plane.port, ca, vmId, token)));
    const openFrames = await connections(machines.map(() => openRawFrames(bare.framePort, ca)));
    const openBare = await connections(machines.map(() => openRawConnection(bare.port, ca)));
    const ways = {
      whole: { pid: plane.pid, open: channels, requests: whole },
      channels: { pid: plane.pid, open: channels, requests: frames },
      bareFrames: { pid: bare.pid, open: openFrames, requests: frames },
      requests: { pid: plane.pid, open, requests },
      health: { pid: plane.pid, open, requests: health },
      bare: { pid: bare.pid, open: openBare, requests: health },
    } as const;
    const measured: Record<keyof typeof ways, Round[]> = {
      whole: [],
      channels: [],
      bareFrames: [],
      requests: [],
      health: [],
      bare: [],
    };
    for (let round = 0; round <= rounds; round += 1) {
      for (const way of ['whole', 'channels', 'bareFrames', 'requests', 'health', 'bare'] as const) {
        const { pid, open: asking, requests: asked } = ways[way];
        const spent = await loop(pid, asking, asked, round === 0 ? requestsBefore : requestsInRound);
        if (round > 0) measured[way].push(spent);
      }
    }
    return [
      ...rowsOf(`heartbeats on ${name}, over channels`, measured.channels, measured.bareFrames),
      ...rowsOf('the same, with everything to say', measured.whole, measured.bareFrames),
      ...rowsOf(`heartbeats on ${name}, as plain requests`, measured.requests, measured.bare),
      ...rowsOf('the same server, no store (/healthz)', measured.health, measured.bare),
    ];
  } finally {
    for (const connection of opened) connection.close();
    bare.child.disconnect();
    await plane.stop();
  }
}

/** The figures of some rounds, against the bare server in the same rounds. */
function rowsOf(what: string, ours: readonly Round[], floor: readonly Round[]): Row[] {
  const all = ours.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b);
  const at = (part: number): string => `${(all[Math.floor(all.length * part)] ?? 0).toFixed(1)} ms`;
  const of = (rounds: readonly Round[], figure: Figure): string =>
    whole(spreadOf(rounds.map((round) => round[figure])));
  const compared = (figure: Figure): string =>
    ratio(spreadOf(ours.map((round, i) => round[figure] / (floor[i]?.[figure] ?? Number.NaN))));
  return [
    {
      what,
      figure: `${of(ours, 'perSecond')}/s, p50 ${at(0.5)}, p99 ${at(0.99)}`,
      against: `bare Node: ${of(floor, 'perSecond')}/s`,
      ratio: compared('perSecond'),
    },
    {
      what: '  processor of the server for each, and of the client',
      figure: `${of(ours, 'cpuMicroseconds')} and ${of(ours, 'clientMicroseconds')} µs`,
      against: `bare Node: ${of(floor, 'cpuMicroseconds')} and ${of(floor, 'clientMicroseconds')} µs`,
      ratio: compared('cpuMicroseconds'),
    },
  ];
}

type Figure = 'perSecond' | 'cpuMicroseconds' | 'clientMicroseconds';

interface BareServer {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** Where it speaks frames. */
  readonly framePort: number;
}

/** A server that does nothing but answer, with the certificate of the control plane. */
async function startBareServer(state: string): Promise<BareServer> {
  const { server, serverKey } = statePaths(state);
  const child = fork(join(import.meta.dirname, 'bare-server.ts'), [
    server,
    serverKey,
    JSON.stringify({ status: 'ok' }),
    formatAnswer(1, 200, JSON.stringify(answer)),
  ]);
  const [[port, framePort]] = (await once(child, 'message')) as [[number, number]];
  return { child, pid: child.pid ?? 0, port, framePort };
}

/** An answer as long as the control plane's. */
const answer: HeartbeatResponse = {
  generation: 1,
  beat: '1795860000000.1795859999999',
  key: { renew: false, expiresAt: '2026-11-28T00:00:00.000Z' },
};

interface BeatingMachine {
  readonly vmId: string;
  readonly token: string;
}

/** A machine of its own for each connection. They are put into the store, as making their keys takes minutes. */
async function addMachines(plane: ControlPlaneProcess, store: Store): Promise<readonly BeatingMachine[]> {
  const environment = processEnvironment();
  const { endpoint: url, tenantId } = plane.operator;
  const endpoint = endpointOf(url, plane.port, tenantId);
  const key = await readSigningKey(readFileSync(statePaths(dirname(plane.operator.caFile)).signingKey, 'utf8'));
  const machines: BeatingMachine[] = [];
  for (let index = 0; index < machineCount; index += 1) {
    const machine = await addMachine(environment, store);
    const principal: Principal = {
      object_id: machine.principal_id,
      client_id: machine.principal_id,
      kind: 'Machine',
      display_name: 'm',
      secret_hash: null,
      public_key: machine.public_key,
      vm_id: machine.vm_id,
      created_at: environment.now(),
    };
    await store.note(async (writer) => {
      await writer.insertInto('principals').values(principal).execute();
    });
    const token = await issueAccessToken(
      environment,
      key,
      endpoint,
      { principal },
      {
        kind: 'agent',
        value: agentAudience,
      },
    );
    machines.push({ vmId: machine.vm_id, token });
  }
  return machines;
}

/** What an agent sends that has nothing new to say, which is nearly always (decision 0245). */
function unchanged(vmId: string): UnchangedHeartbeat {
  const { contentHash } = contentOf(heartbeat(vmId));
  return { generation: 1, holdSeconds: 0, contentHash };
}

function heartbeat(vmUuid: string): HeartbeatRequest {
  const service = { status: 'running', startupType: 'enabled' };
  return {
    agentVersion: '0.1.0',
    generation: 1,
    holdSeconds: 0,
    agentConfiguration,
    serviceStatuses: { extensionService: service, guestConfigurationService: service },
    system: {
      computerName: 'm',
      machineFqdn: 'm.test',
      osName: 'linux',
      osVersion: '6.1',
      osSku: 'Debian 12',
      osType: 'linux',
      vmUuid,
      manufacturer: 'Bench',
      model: 'Bench',
    },
  };
}

async function loop(
  pid: number,
  open: readonly RawConnection[],
  requests: readonly Buffer[],
  count: number,
): Promise<Round> {
  const latencies: number[] = [];
  const cpu = cpuMilliseconds(pid);
  const own = process.cpuUsage();
  const started = performance.now();
  let left = count;
  await Promise.all(
    open.map(async (connection, index) => {
      const request = requests[index] ?? Buffer.alloc(0);
      while (left > 0) {
        left -= 1;
        const asked = performance.now();
        const status = await connection.ask(request);
        if (status !== 200) throw new Error(`The control plane answered ${status}.`);
        latencies.push(performance.now() - asked);
      }
    }),
  );
  const spent = performance.now() - started;
  const { user, system } = process.cpuUsage(own);
  return {
    perSecond: (count * 1000) / spent,
    latencies,
    cpuMicroseconds: ((cpuMilliseconds(pid) - cpu) * 1000) / count,
    clientMicroseconds: (user + system) / count,
  };
}

/** User and system time of a process; the kernel counts in hundredths of a second. */
function cpuMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function whole(spread: Spread): string {
  return Math.round(spread.median).toLocaleString('en');
}
