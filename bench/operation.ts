/**
 * From ARM PUT to `Succeeded`, for a handler that does nothing, over the handler's own time: its two commands run by hand.
 * Real processes: control plane, gallery, agent, over TLS, with everything written durably.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZipFile } from 'yazl';
import { openArmClient, type ArmClient } from '../apps/cli/src/connection/arm-client.ts';
import { apiVersions, extensionPath, machinePath } from '../apps/cli/src/resources.ts';
import { createPrograms } from '../apps/cli/src/tour/programs.ts';
import { readScript } from '../apps/cli/src/tour/script.ts';
import { openState } from '../apps/cli/src/tour/state.ts';
import { narratorOn } from '../apps/cli/src/tour/narrator.ts';
import type { Stage } from '../apps/cli/src/tour/stage.ts';
import { startControlPlane } from '../apps/cli/src/tour/steps/control-plane.ts';
import { connectServer } from '../apps/cli/src/tour/steps/server.ts';
import { spreadOf, timed } from './measure.ts';
import { milliseconds, printRows } from './report.ts';

const rounds = 15;
const name = { publisher: 'Sallyport.Bench', type: 'Nothing' };

const manifest = [
  {
    version: 1.0,
    handlerManifest: {
      installCommand: 'install.sh',
      uninstallCommand: 'nothing.sh',
      updateCommand: 'nothing.sh',
      enableCommand: 'enable.sh',
      disableCommand: 'nothing.sh',
      rebootAfterInstall: false,
      reportHeartbeat: false,
    },
  },
];
const status = JSON.stringify([
  {
    version: 1.0,
    timestampUTC: '2026-01-01T00:00:00Z',
    status: {
      operation: 'Enable',
      status: 'success',
      code: 0,
      formattedMessage: { lang: 'en-US', message: 'Nothing done' },
    },
  },
]);
const commands = {
  'install.sh': '#!/bin/sh\nexit 0\n',
  'nothing.sh': '#!/bin/sh\nexit 0\n',
  'enable.sh': `#!/bin/sh\nmkdir -p status\nprintf '%s' '${status}' > status/\${ConfigSequenceNumber:-0}.status\n`,
};

function packageBytes(): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), 'HandlerManifest.json');
  for (const [file, text] of Object.entries(commands)) zip.addBuffer(Buffer.from(text), file, { mode: 0o755 });
  zip.end();
  return buffer(zip.outputStream);
}

/** Milliseconds of install and enable, run the way a host runs them. */
async function byHand(folder: string): Promise<number> {
  const run = (file: string): unknown => execFileSync('/bin/sh', ['-c', join(folder, file)], { cwd: folder });
  return timed(() => {
    run('install.sh');
    run('enable.sh');
  });
}

async function change(client: ArmClient, method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void> {
  const { operation } = await client.change(method, path, apiVersions.hybridCompute, body);
  if (operation === undefined) return;
  const outcome = await client.outcome(operation, () => sleep(2));
  if (outcome.status !== 'Succeeded')
    throw new Error(`${method} ended as ${outcome.status}: ${outcome.code}: ${outcome.message}`);
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const quiet = narratorOn({ ...process.stdout, write: () => true } as unknown as NodeJS.WriteStream);
  const stage: Stage = {
    state: openState(join(folder, 'state')),
    options: { port: await freePort(), script: readScript(undefined), packages: folder },
    narrator: quiet,
    programs: createPrograms(),
  };
  try {
    const file = join(folder, `${name.publisher}.${name.type}-1.0.0.zip`);
    writeFileSync(file, await packageBytes());
    const gallery = ['--gallery', stage.state.gallery];
    await stage.programs.mustRun('sallyport-gallery', ['init', ...gallery]);
    await stage.programs.mustRun('sallyport-gallery', ['publisher', 'add', name.publisher, ...gallery]);
    await stage.programs.mustRun('sallyport-gallery', [
      'publish',
      file,
      '--publisher',
      name.publisher,
      '--type',
      name.type,
      '--version',
      '1.0.0',
      ...gallery,
    ]);
    const connection = await startControlPlane(stage);
    const client = openArmClient(connection);
    await connectServer(stage, connection, client);
    const path = extensionPath(machinePath(connection, undefined), 'nothing');
    const hand = join(folder, 'hand');
    mkdirSync(hand);
    for (const [file_, text] of Object.entries(commands)) writeFileSync(join(hand, file_), text, { mode: 0o755 });
    const whole: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const put = await timed(() =>
        change(client, 'PUT', path, { location: 'local', properties: { ...name, settings: {} } }),
      );
      const own = await byHand(hand);
      await change(client, 'DELETE', path);
      if (round === 0) continue;
      whole.push(put);
      floor.push(own);
    }
    client.close();
    const above = spreadOf(whole.map((value, i) => value - (floor[i] ?? 0)));
    printRows('One extension, from ARM PUT to Succeeded (no-op handler, installed and deleted in turns)', [
      {
        what: 'the whole way',
        figure: milliseconds(spreadOf(whole)),
        against: `its two commands by hand: ${milliseconds(spreadOf(floor))}`,
      },
      { what: "over the handler's own time", figure: milliseconds(above) },
    ]);
  } finally {
    await stage.programs.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((fulfil) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => fulfil(port));
    });
  });
}
