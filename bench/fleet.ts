/**
 * A fleet held by one control plane (`--machines N`, 20,000 unless said otherwise; `--fleet-store sqlite|postgres`; `--plain-requests` without channels): what a connected
 * agent costs, with TLS ended here and behind HAProxy, how soon it wakes, how long a change to all takes, how the fleet comes back after
 * a restart; beside mosquitto and nats-server holding as many idle TLS clients.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasPostgres, startPostgres, type PostgresServer } from '@sallyport/testkit';
import { statePaths } from '../apps/control-plane/src/state/state-paths.ts';
import { readPostgresAddress } from '../apps/control-plane/src/store/postgres/address.ts';
import { signIn, type OperatorClient } from '../tests/clients/operator-client.ts';
import { createTestGallery } from '../tests/clients/test-gallery.ts';
import { hasTlsProxy, startTlsProxy, type TlsProxy } from '../tests/clients/tls-proxy.ts';
import { freePort } from '../tests/system/processes.ts';
import { isInstalled } from '../tooling/system-packages.ts';
import type { Failures } from './fleet/fleet-agents.ts';
import { startPlane, type PlaneProcess } from './fleet/plane-process.ts';
import { populateFleet, type FleetMachine } from './fleet/populate-fleet.ts';
import { inOneProcess, startSimulators, type Simulators } from './fleet/simulators.ts';
import { footprintOf, processorSeconds } from './process-facts.ts';
import { printRows, type Row } from './report.ts';

const idleSeconds = 60;
/** How long agents are held that have found out that nothing on their way cuts them, which takes six minutes. */
const holdSeconds = 300;
const wakes = 200;
/** Pages of each list that are asked for. */
const lists = 100;
const group = 'fleet';
/** Files that a process opens besides its connections. */
const spareFiles = 200;
/** The channel on which control planes ring, and how many ids one ring names. */
const bellChannel = 'sallyport_bell';
const ringsInOne = 200;
/** Agents that are on their way to be connected at once, at the start. */
const atOnce = 100;

export interface FleetOptions {
  readonly machines: number;
  readonly fleetStore: 'sqlite' | 'postgres';
  /** Agents make do without channels, as where none passes. */
  readonly plainRequests: boolean;
}

interface Fleet {
  readonly folder: string;
  readonly state: string;
  readonly port: number;
  readonly settings: readonly string[];
  readonly machines: readonly FleetMachine[];
  readonly plain: boolean;
  readonly database: { readonly server: PostgresServer; readonly address: string } | undefined;
}

export async function run({ machines: asked, fleetStore, plainRequests }: FleetOptions): Promise<void> {
  const count = atMostOpenFiles(asked);
  if (fleetStore === 'postgres' && !hasPostgres()) {
    process.stdout.write("The fleet needs Debian's package postgresql for that store.\n");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-fleet-'));
  const server = fleetStore === 'postgres' ? await startPostgres({ settings: ['fsync=on'] }) : undefined;
  try {
    const fleet = await makeFleet(folder, server, count, plainRequests);
    const way = plainRequests ? 'plain requests' : 'channels';
    const name = `A fleet of ${count.toLocaleString('en')} in one process, ${fleetStore}, ${way}`;
    printRows(`${name}: TLS ended by the control plane`, await tlsHere(fleet));
    printRows(`${name}: behind a proxy`, await behindProxies(fleet));
    printRows('As many idle TLS clients', await peers(fleet));
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true });
  }
}

async function makeFleet(
  folder: string,
  server: PostgresServer | undefined,
  count: number,
  plain: boolean,
): Promise<Fleet> {
  const state = join(folder, 'state');
  const { directory: gallery } = await createTestGallery(join(folder, 'gallery'));
  const port = await freePort();
  const address = server?.database();
  const settings = ['--gallery', gallery, ...(address === undefined ? [] : ['--store', address])];
  const plane = await startPlane(state, port, ...settings);
  const { operator } = plane;
  const arm = await signIn(operator);
  const path = `/subscriptions/${operator.subscriptionId}/resourcegroups/${group}?api-version=2021-04-01`;
  await arm.arm('PUT', path, { location: 'here' });
  arm.close();
  await plane.stop();
  const postgres = address === undefined ? undefined : readPostgresAddress(address);
  const machines = await populateFleet(state, postgres, operator, count);
  const database = server === undefined || address === undefined ? undefined : { server, address };
  return { folder, state, port, settings, machines, plain, database };
}

function simulate({ folder, state, machines, plain }: Fleet, ports: readonly number[]): Simulators {
  const ca = readFileSync(statePaths(state).authority, 'utf8');
  return startSimulators(folder, { machines, ports, ca, holdSeconds, plain, atOnce });
}

async function tlsHere(fleet: Fleet): Promise<Row[]> {
  const count = fleet.machines.length;
  let plane = await startPlane(fleet.state, fleet.port, ...fleet.settings);
  let agents: Simulators | undefined;
  try {
    await sleep(3_000);
    const alone = footprintOf(plane.pid).rss;
    const began = Date.now();
    const spent = processorSeconds(plane.pid);
    agents = simulate(fleet, [fleet.port]);
    await agents.until(({ held }) => held >= count);
    const connected = (Date.now() - began) / 1000;
    const handshakes = processorSeconds(plane.pid) - spent;
    await sleep(5_000);
    const rows: Row[] = [
      {
        what: 'connected, TLS ended here',
        figure: kilobytesEach(plane.pid, alone, count),
        against: `aim: 60 KB; all connected in ${connected.toFixed(0)} s, ${((handshakes * 1000) / count).toFixed(2)} ms of processor each`,
      },
      await idle(plane.pid, count),
      { what: '  connected, that much later', figure: kilobytesEach(plane.pid, alone, count) },
      await wake(agents, fleet, plane, 'Runner', wakes),
      ...(await listed(fleet, plane)),
    ];
    if (fleet.database !== undefined) rows.push(await changeToAll(agents, fleet, fleet.database));
    const before = agents.now().failures;
    const restarted = Date.now();
    await plane.stop();
    const ended = (Date.now() - restarted) / 1000;
    plane = await startPlane(fleet.state, fleet.port, ...fleet.settings);
    const up = (Date.now() - restarted) / 1000;
    await agents.until(({ held }) => held >= count);
    rows.push({
      what: 'restarted, until all are back',
      figure: `${((Date.now() - restarted) / 1000).toFixed(0)} s`,
      against: `aim: 60 s; it had ended after ${ended.toFixed(0)} s and was there again after ${up.toFixed(0)}; failed tries each: ${failedEach(before, agents.now().failures, count)}`,
    });
    return rows;
  } finally {
    await agents?.stop();
    await plane.stop();
  }
}

function failedEach(before: Failures, after: Failures, count: number): string {
  const each = (of: keyof Failures): string => ((after[of] - before[of]) / count).toFixed(2);
  return `${each('cut')} cut, ${each('unheard')} with nobody there, ${each('refused')} refused`;
}

async function behindProxies(fleet: Fleet): Promise<Row[]> {
  if (!hasTlsProxy()) return [{ what: 'behind HAProxy', figure: 'not installed' }];
  const count = fleet.machines.length;
  const files = statePaths(fleet.state);
  const socket = join(fleet.folder, 'plane.sock');
  const plane = await startPlane(fleet.state, fleet.port, ...fleet.settings, '--proxy-socket', socket);
  const proxies: TlsProxy[] = [];
  let agents: Simulators | undefined;
  try {
    for (let index = 0; index < Math.ceil(count / inOneProcess); index += 1) {
      proxies.push(
        await startTlsProxy({
          folder: join(fleet.folder, `proxy-${index}`),
          port: await freePort(),
          socket,
          certificatePem: readFileSync(files.server, 'utf8'),
          keyPem: readFileSync(files.serverKey, 'utf8'),
          mostConnections: inOneProcess + 500,
        }),
      );
    }
    await sleep(3_000);
    const alone = footprintOf(plane.pid).rss;
    const proxiesAlone = sizeOf(proxies);
    agents = simulate(
      fleet,
      proxies.map(({ port }) => port),
    );
    await agents.until(({ held }) => held >= count);
    await sleep(5_000);
    return [
      {
        what: 'connected, behind HAProxy',
        figure: kilobytesEach(plane.pid, alone, count),
        against: `aim: 12 KB; in the proxies ${(((sizeOf(proxies) - proxiesAlone) * 1024) / count).toFixed(1)} KB each`,
      },
      { ...(await idle(plane.pid, count)), what: '  processor while nothing is asked for' },
      { what: '  connected, that much later', figure: kilobytesEach(plane.pid, alone, count) },
      { ...(await wake(agents, fleet, plane, 'Other', wakes / 2)), what: '  from PUT to the agent awake' },
    ];
  } finally {
    await agents?.stop();
    for (const proxy of proxies) await proxy.stop();
    await plane.stop();
  }
}

function sizeOf(proxies: readonly TlsProxy[]): number {
  return proxies.reduce((sum, { pid }) => sum + footprintOf(pid).rss, 0);
}

function kilobytesEach(pid: number, alone: number, count: number): string {
  return `${(((footprintOf(pid).rss - alone) * 1024) / count).toFixed(1)} KB each`;
}

async function idle(pid: number, count: number): Promise<Row> {
  const used = processorSeconds(pid);
  await sleep(idleSeconds * 1000);
  const share = (100 * (processorSeconds(pid) - used)) / idleSeconds;
  return {
    what: `processor while nothing is asked for, a heartbeat each ${holdSeconds} s`,
    figure: `${share.toFixed(2)} % of a core`,
    against: `aim: 1 %; ${((share * 1e4) / (count / holdSeconds)).toFixed(0)} µs for each heartbeat`,
  };
}

/** From a PUT to the agent's answer, for machines all over the fleet, one after the other. */
async function wake(agents: Simulators, fleet: Fleet, plane: PlaneProcess, type: string, most: number): Promise<Row> {
  const arm = await operatorAt(fleet, plane);
  const waits: number[] = [];
  const step = Math.max(1, Math.floor(fleet.machines.length / most));
  for (let i = 0; i < fleet.machines.length; i += step) {
    const machine = fleet.machines[i];
    if (machine === undefined) continue;
    const { promise, resolve } = Promise.withResolvers<number>();
    agents.onWoken((vmId, time) => {
      if (vmId === machine.vmId) resolve(time);
    });
    const sent = Date.now();
    const answer = await arm.arm(
      'PUT',
      `${machinesOf(plane)}/${machine.name}/extensions/${type}?api-version=2024-07-10`,
      { location: 'here', properties: { publisher: 'Contoso.Scripts', type, settings: {} } },
    );
    if (answer.status !== 200) throw new Error(answer.text);
    waits.push((await promise) - sent);
  }
  arm.close();
  waits.sort((a, b) => a - b);
  return {
    what: 'from PUT to the agent awake',
    figure: `p50 ${at(waits, 0.5)} ms, p99 ${at(waits, 0.99)} ms`,
    against: 'aim: 15 and 100 ms',
  };
}

function operatorAt(fleet: Fleet, plane: PlaneProcess): Promise<OperatorClient> {
  return signIn({ ...plane.operator, endpoint: `https://localhost:${fleet.port}` });
}

function machinesOf({ operator: { subscriptionId } }: PlaneProcess): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.HybridCompute/machines`;
}

/** What a portal asks for: the fleet page by page, all of it and what has a type, a place and a tag. */
async function listed(fleet: Fleet, plane: PlaneProcess): Promise<Row[]> {
  const arm = await operatorAt(fleet, plane);
  const subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  const filter = encodeURIComponent(
    "resourceType eq 'Microsoft.HybridCompute/machines' and location eq 'here' and tagName eq 'rack' and tagValue eq '7'",
  );
  const asked: readonly (readonly [string, string])[] = [
    ['a page of 100 machines, sorted', `${machinesOf(plane)}?api-version=2024-07-10&$top=100`],
    [
      'a page of 100 resources by type, location and tag, sorted',
      `${subscription}/resources?api-version=2021-04-01&$top=100&$filter=${filter}`,
    ],
  ];
  const rows: Row[] = [];
  for (const [what, first] of asked) {
    const times = await pageByPage(arm, first);
    rows.push({
      what,
      figure: `p50 ${at(times, 0.5).toFixed(0)} ms, p99 ${at(times, 0.99).toFixed(0)} ms`,
      against: 'aim: p99 50 ms',
    });
  }
  arm.close();
  return rows;
}

/** Milliseconds of pages, sorted; begins anew at the end. */
async function pageByPage(arm: OperatorClient, first: string): Promise<readonly number[]> {
  const times: number[] = [];
  let path = first;
  while (times.length < lists) {
    const sent = performance.now();
    const answer = await arm.arm('GET', path);
    if (answer.status !== 200) throw new Error(answer.text);
    times.push(performance.now() - sent);
    const { nextLink } = answer.json() as { readonly nextLink?: string };
    path = nextLink === undefined ? first : nextLink.slice(new URL(nextLink).origin.length);
  }
  return times.toSorted((a, b) => a - b);
}

/** As if another control plane had changed something for everybody: it is committed, then rung for all. */
async function changeToAll(
  agents: Simulators,
  { machines }: Fleet,
  { server, address }: NonNullable<Fleet['database']>,
): Promise<Row> {
  const before = agents.now().fetched;
  const began = Date.now();
  server.run(address, 'UPDATE machines SET generation = generation + 1');
  const committed = Date.now();
  for (let from = 0; from < machines.length; from += ringsInOne) {
    const ids = machines.slice(from, from + ringsInOne).map(({ vmId }) => vmId);
    server.run(address, `SELECT pg_notify('${bellChannel}', '${ids.join(',')}')`);
  }
  await agents.until(({ fetched }) => fetched >= before + machines.length);
  return {
    what: 'a change to all, until each has its new goal state',
    figure: `${((Date.now() - committed) / 1000).toFixed(1)} s`,
    against: `aim: 10 s; the change itself took ${((committed - began) / 1000).toFixed(1)} s`,
  };
}

async function peers({ folder, state, machines }: Fleet): Promise<Row[]> {
  const files = statePaths(state);
  const rows: Row[] = [];
  for (const peer of ['nats', 'mosquitto'] as const) {
    const program = peer === 'nats' ? 'nats-server' : peer;
    if (!isInstalled(program)) {
      // Not installed by us: Debian's packages of these start a service of their own.
      rows.push({ what: program, figure: 'not installed' });
      continue;
    }
    mkdirSync(join(folder, peer), { recursive: true });
    const argument = {
      peer,
      folder: join(folder, peer),
      port: await freePort(),
      count: machines.length,
      caFile: files.authority,
      certificateFile: files.server,
      keyFile: files.serverKey,
    };
    const holder = join(import.meta.dirname, 'fleet/hold-peer.ts');
    const said = execFileSync(process.execPath, [holder, JSON.stringify(argument)], { encoding: 'utf8' });
    const { name, kilobytesEach: each } = JSON.parse(said) as { readonly name: string; readonly kilobytesEach: number };
    rows.push({ what: name, figure: `${each.toFixed(1)} KB each` });
  }
  return rows;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The control plane opens a file for each connection. Where the limit cannot be raised the fleet is as large as it lets it be. */
function atMostOpenFiles(asked: number): number {
  const wanted = Math.max(asked, inOneProcess * 3) + spareFiles;
  if (openFiles() < wanted) spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${wanted}:${wanted}`]);
  const most = openFiles();
  if (most >= asked + spareFiles) return asked;
  const count = most - spareFiles;
  process.stdout.write(`A process may open ${most} files here: the fleet has ${count} machines instead of ${asked}.\n`);
  return count;
}

function openFiles(): number {
  const [, most] = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return most === undefined || most === 'unlimited' ? Number.POSITIVE_INFINITY : Number(most);
}
