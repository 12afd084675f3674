/** Processes full of agents: a process may open some 20,000 files here, and one that simulates many is late itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failures, FleetAgents, FleetMessage } from './fleet-agents.ts';
import type { FleetMachine } from './populate-fleet.ts';

/** Agents of one process, and of one proxy: each process has its own. */
export const inOneProcess = 5_000;

export interface FleetNow {
  /** Heartbeats that are held. */
  readonly held: number;
  readonly failures: Failures;
  /** Goal states that were fetched because the generation was another. */
  readonly fetched: number;
}

export interface Simulators {
  now(): FleetNow;
  until(holds: (now: FleetNow) => boolean): Promise<void>;
  /** Calls back when an agent wakes. */
  onWoken(heard: (vmId: string, at: number) => void): void;
  stop(): Promise<void>;
}

/** Starts the agents of these machines. Each process has a loopback address of its own, and with it ports of its own. */
export function startSimulators(
  folder: string,
  fleet: Omit<FleetAgents, 'machines' | 'address'> & {
    readonly machines: readonly FleetMachine[];
    /** Where the agents go, in turns: as many as there are proxies. */
    readonly ports: readonly number[];
  },
): Simulators {
  const { machines, ports, ca, holdSeconds, plain, atOnce } = fleet;
  const count = Math.max(Math.ceil(machines.length / inOneProcess), ports.length);
  const size = Math.ceil(machines.length / count);
  const states = new Map<number, FleetNow>();
  let woken: (vmId: string, at: number) => void = () => undefined;
  const children = Array.from({ length: count }, (_, index): ChildProcess => {
    const port = ports[index % ports.length] ?? 0;
    const agents: FleetAgents = {
      address: { host: '127.0.0.1', port, localAddress: `127.0.0.${index + 2}` },
      ca,
      machines: machines.slice(index * size, (index + 1) * size),
      holdSeconds,
      plain,
      atOnce: Math.ceil(atOnce / count),
    };
    const file = join(folder, `agents-${index}.json`);
    writeFileSync(file, JSON.stringify(agents));
    const program = join(import.meta.dirname, 'fleet-agents.ts');
    const child = spawn(process.execPath, ['--max-old-space-size=4096', program, file], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: FleetMessage) => {
      if (message.kind === 'woken') woken(message.vmId, message.at);
      else states.set(index, message);
    });
    return child;
  });
  const now = (): FleetNow => {
    const all = [...states.values()];
    const sum = (of: (state: FleetNow) => number): number => all.reduce((total, state) => total + of(state), 0);
    return {
      held: sum(({ held }) => held),
      failures: {
        unheard: sum(({ failures }) => failures.unheard),
        refused: sum(({ failures }) => failures.refused),
        cut: sum(({ failures }) => failures.cut),
      },
      fetched: sum(({ fetched }) => fetched),
    };
  };
  return {
    now,
    until: async (holds) => {
      while (!holds(now())) {
        if (children.some(({ exitCode }) => exitCode !== null)) throw new Error('Simulated agents ended.');
        await sleep(50);
      }
    },
    onWoken: (heard) => {
      woken = heard;
    },
    stop: async () => {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const over = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await over;
        }),
      );
    },
  };
}
