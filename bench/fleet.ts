/**
 * A fleet held by one control plane (`--machines N`, 20,000 unless said otherwise): what a connected agent costs, how soon it wakes, how
 * the fleet comes back after a restart; beside mosquitto and nats-server holding as many idle TLS clients.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../tests/system/processes.ts';
import { statePaths } from '../apps/control-plane/src/state/state-paths.ts';
import { signIn } from '../tests/clients/operator-client.ts';
import { createTestGallery } from '../tests/clients/test-gallery.ts';
import { isInstalled } from '../tooling/system-packages.ts';
import type { FleetAgents, FleetMessage } from './fleet/fleet-agents.ts';
import { startPlane, type PlaneProcess } from './fleet/plane-process.ts';
import { populateFleet, type FleetMachine } from './fleet/populate-fleet.ts';
import { footprintOf, processorSeconds } from './process-facts.ts';
import { printRows, type Row } from './report.ts';

const idleSeconds = 60;
const wakes = 300;
const group = 'fleet';

export async function run({ machines: count }: { readonly machines: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-fleet-'));
  raiseLimit(count);
  const state = join(folder, 'state');
  const gallery = (await createTestGallery(join(folder, 'gallery'))).directory;
  const port = await freePort();
  let plane: PlaneProcess | undefined = await startPlane(state, gallery, port);
  let agents: Fleet | undefined;
  try {
    const { operator } = plane;
    const first = await signIn(operator);
    const subscription = `/subscriptions/${operator.subscriptionId}`;
    await first.arm('PUT', `${subscription}/resourcegroups/${group}?api-version=2021-04-01`, { location: 'here' });
    first.close();
    await plane.stop();
    const fleet = await populateFleet(state, operator, count);
    plane = await startPlane(state, gallery, port);
    await sleep(3000);
    const alone = footprintOf(plane.pid);
    const address = { host: '127.0.0.1', port, ca: readFileSync(statePaths(state).authority, 'utf8') };
    const began = Date.now();
    agents = startAgents(join(folder, 'agents.json'), { address, machines: fleet, holdSeconds: 50, atOnce: 100 });
    await agents.until(({ held }) => held >= count);
    const connected = Date.now() - began;
    await sleep(10_000);
    const holding = footprintOf(plane.pid);
    const rows: Row[] = [
      {
        what: `${count.toLocaleString('en')} agents connected, TLS ended here`,
        figure: `${(((holding.rss - alone.rss) * 1024) / count).toFixed(1)} KB each`,
        against: `aim: 60 KB; all connected in ${(connected / 1000).toFixed(0)} s`,
      },
    ];
    const used = processorSeconds(plane.pid);
    await sleep(idleSeconds * 1000);
    const idle = (100 * (processorSeconds(plane.pid) - used)) / idleSeconds;
    rows.push({
      what: 'processor while nothing is asked for, heartbeats every 50 s',
      figure: `${idle.toFixed(1)} % of a core`,
      against: `aim: 1 %; ${((idle * 1e4) / (count / 50)).toFixed(0)} µs for each heartbeat`,
    });
    const waits = await wake(agents, fleet, operator);
    rows.push({
      what: 'from PUT to the agent awake',
      figure: `p50 ${at(waits, 0.5)} ms, p99 ${at(waits, 0.99)} ms`,
      against: 'aim: 15 and 100 ms',
    });
    await plane.stop();
    const failed = agents.failures();
    const restarted = Date.now();
    plane = await startPlane(state, gallery, port);
    await agents.until(({ held }) => held >= count);
    rows.push({
      what: 'after a restart, until all are back',
      figure: `${((Date.now() - restarted) / 1000).toFixed(0)} s`,
      against: `aim: 60 s; ${((agents.failures() - failed) / count).toFixed(2)} failed tries each`,
    });
    await agents.stop();
    agents = undefined;
    await plane.stop();
    plane = undefined;
    const files = statePaths(state);
    const ours = ((holding.rss - alone.rss) * 1024) / count;
    for (const peer of ['nats', 'mosquitto'] as const) {
      const program = peer === 'nats' ? 'nats-server' : peer;
      if (!isInstalled(program)) {
        // Not installed by us: Debian's packages of these start a service of their own.
        rows.push({ what: `${program}, as many idle TLS clients`, figure: 'not installed' });
        continue;
      }
      const argument = {
        peer,
        folder: join(folder, peer),
        port: await freePort(),
        count,
        caFile: files.authority,
        certificateFile: files.server,
        keyFile: files.serverKey,
      };
      const said = execFileSync(
        process.execPath,
        [join(import.meta.dirname, 'fleet/hold-peer.ts'), JSON.stringify(argument)],
        {
          encoding: 'utf8',
        },
      );
      const { name, kilobytesEach } = JSON.parse(said) as { readonly name: string; readonly kilobytesEach: number };
      rows.push({
        what: `${name}, as many idle TLS clients`,
        figure: `${kilobytesEach.toFixed(1)} KB each`,
        against: 'ours to it',
        ratio: (ours / kilobytesEach).toFixed(2),
      });
    }
    printRows('A fleet in one process', rows);
  } finally {
    await agents?.stop();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  }
}

interface Fleet {
  until(holds: (now: { readonly held: number }) => boolean): Promise<void>;
  failures(): number;
  /** Calls back when an agent wakes. */
  onWoken(heard: (vmId: string, at: number) => void): void;
  stop(): Promise<void>;
}

function startAgents(file: string, fleet: FleetAgents): Fleet {
  writeFileSync(file, JSON.stringify(fleet));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--max-old-space-size=8192', join(import.meta.dirname, 'fleet/fleet-agents.ts'), file],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  let now = { held: 0, failures: 0 };
  let woken: (vmId: string, at: number) => void = () => undefined;
  child.on('message', (message: FleetMessage) => {
    if (message.kind === 'held') now = { held: message.count, failures: message.failures };
    else woken(message.vmId, message.at);
  });
  return {
    until: async (holds) => {
      while (!holds(now)) {
        if (child.exitCode !== null) throw new Error('The agents ended.');
        await sleep(50);
      }
    },
    failures: () => now.failures,
    onWoken: (heard) => {
      woken = heard;
    },
    stop: async () => {
      const over = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await over;
    },
  };
}

/** Milliseconds from a PUT to the agent's answer, sorted; for machines all over the fleet, one after the other. */
async function wake(
  agents: Fleet,
  fleet: readonly FleetMachine[],
  operator: PlaneProcess['operator'],
): Promise<readonly number[]> {
  const arm = await signIn(operator);
  const waits: number[] = [];
  const step = Math.max(1, Math.floor(fleet.length / wakes));
  for (let i = 0; i < fleet.length; i += step) {
    const machine = fleet[i];
    if (machine === undefined) continue;
    const { promise, resolve } = Promise.withResolvers<number>();
    agents.onWoken((vmId, time) => {
      if (vmId === machine.vmId) resolve(time);
    });
    const sent = Date.now();
    const answer = await arm.arm(
      'PUT',
      `/subscriptions/${operator.subscriptionId}/resourceGroups/${group}/providers/Microsoft.HybridCompute/machines/${machine.name}/extensions/x?api-version=2024-07-10`,
      { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Runner', settings: {} } },
    );
    if (answer.status !== 200) throw new Error(answer.text);
    waits.push((await promise) - sent);
  }
  arm.close();
  return waits.toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Two files for each connection are open on this machine, and the processes that are started inherit the limit. */
function raiseLimit(count: number): void {
  const wanted = String(count * 2 + 5000);
  const raised = spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${wanted}:${wanted}`]);
  if (raised.status !== 0)
    process.stdout.write(`The limit of open files could not be raised to ${wanted}: a large fleet needs root here.\n`);
}
