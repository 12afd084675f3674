/** A whole system for benchmarks: control plane, gallery and one agent as it is shipped, real processes over TLS, everything written durably. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { openArmClient, type ArmClient } from '../apps/cli/src/connection/arm-client.ts';
import { apiVersions, extensionPath, machinePath } from '../apps/cli/src/resources.ts';
import { narratorOn } from '../apps/cli/src/tour/narrator.ts';
import { createPrograms, type Programs } from '../apps/cli/src/tour/programs.ts';
import { readScript } from '../apps/cli/src/tour/script.ts';
import { serverVariables, type Stage } from '../apps/cli/src/tour/stage.ts';
import { openState } from '../apps/cli/src/tour/state.ts';
import { startControlPlane } from '../apps/cli/src/tour/steps/control-plane.ts';
import { connectServer } from '../apps/cli/src/tour/steps/server.ts';
import { buildAgent } from '../tooling/build.ts';
import { freePort } from '../tests/system/processes.ts';

type Service = ReturnType<Programs['start']>;

export interface BenchMachine {
  /** Of the agent. */
  readonly pid: number;
  /** PUTs or DELETEs an extension of that type and waits for its end. */
  change(method: 'PUT' | 'DELETE', type: string): Promise<void>;
  stop(): Promise<void>;
}

export const benchPublisher = 'Sallyport.Bench';

/** Starts everything and publishes `types`, each with those files in its package. */
export async function startBenchMachine(
  types: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<BenchMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const quiet = narratorOn({ ...process.stdout, write: () => true } as unknown as NodeJS.WriteStream);
  const started: Service[] = [];
  const programs = noting(createPrograms(), started);
  const stage: Stage = {
    state: openState(join(folder, 'state')),
    options: { port: await freePort(), script: readScript(undefined), packages: folder },
    narrator: quiet,
    programs,
  };
  let agent: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (agent !== undefined) await ended(agent);
    await programs.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await publish(stage, folder, types, files);
    const connection = await startControlPlane(stage);
    const client = openArmClient(connection);
    await connectServer(stage, connection, client);
    // That agent runs from its sources; what is measured is the file that is shipped.
    await started.at(-1)?.stop();
    const bundle = await buildAgent(join(folder, 'dist'));
    agent = spawn(process.execPath, [bundle, 'run'], {
      env: { PATH: process.env['PATH'], ...serverVariables(stage.state) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const path = (type: string): string => extensionPath(machinePath(connection, undefined), type.toLowerCase());
    return {
      pid: agent.pid ?? 0,
      async change(method, type) {
        const body = { location: 'local', properties: { publisher: benchPublisher, type, settings: {} } };
        await change(client, method, path(type), method === 'PUT' ? body : undefined);
      },
      async stop() {
        client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same programs, with what is started noted down. */
function noting(programs: Programs, started: Service[]): Programs {
  return {
    ...programs,
    start(...call) {
      const service = programs.start(...call);
      started.push(service);
      return service;
    },
  };
}

async function publish(
  stage: Stage,
  folder: string,
  types: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const gallery = ['--gallery', stage.state.gallery];
  const name = ['--publisher', benchPublisher];
  await stage.programs.mustRun('sallyport-gallery', ['init', ...gallery]);
  // What is measured begins when a package is published; who has scanned it makes no difference to that.
  await stage.programs.mustRun('sallyport-gallery', ['scan-policy', 'none', ...gallery]);
  await stage.programs.mustRun('sallyport-gallery', ['publisher', 'add', benchPublisher, ...gallery]);
  // The benchmark's own packages, in a gallery that ends with it: scanning is not what is measured.
  await stage.programs.mustRun('sallyport-gallery', ['scan-policy', 'none', ...gallery]);
  const bytes = await packageBytes(files);
  for (const type of types) {
    const file = join(folder, `${benchPublisher}.${type}-1.0.0.zip`);
    writeFileSync(file, bytes);
    const version = ['--type', type, '--version', '1.0.0'];
    await stage.programs.mustRun('sallyport-gallery', ['publish', file, ...name, ...version, ...gallery]);
  }
}

function packageBytes(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [file, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), file, { mode: 0o755 });
  zip.end();
  return buffer(zip.outputStream);
}

async function change(client: ArmClient, method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void> {
  const { operation } = await client.change(method, path, apiVersions.hybridCompute, body);
  if (operation === undefined) return;
  const outcome = await client.outcome(operation, () => Promise.resolve(), 20);
  if (outcome.status !== 'Succeeded')
    throw new Error(`${method} ended as ${outcome.status}: ${outcome.code}: ${outcome.message}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}
