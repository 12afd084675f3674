/**
 * The clock of a machine may be wrong in either direction, its agent may be killed and installed anew, and a carrier may only hold out:
 * with the real agent, what it has seen stays seen, and what refuses has its own code at both ends (T21, T23, T71, T72).
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRepository } from '@sallyport/catalog';
import { noopHandler } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectArguments, publisher, startSystem, type Ended, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';
import type { WarpedClock } from './warped-clock.ts';

const day = 24 * 60 * 60 * 1000;
const patience = 240_000;
let system: TestSystem;
let agent: Service;
let clock: string;
let version = 0;

beforeAll(async () => {
  system = await startSystem();
  clock = join(system.folder, 'clock.json');
  warp({});
  agent = await startAgent();
}, patience);
afterAll(async () => system.stop());
afterEach(() => {
  system.carrier.instead = undefined;
  system.carrier.silent = undefined;
});

function warp({ ahead = 0, shortens = 'nothing' }: Partial<WarpedClock>): void {
  // In one step: the agent looks at it at any moment.
  writeFileSync(`${clock}.new`, JSON.stringify({ ahead, shortens }));
  renameSync(`${clock}.new`, clock);
}

function startAgent(): Promise<Service> {
  const preload = join(import.meta.dirname, 'warped-clock.ts');
  return system.startAgent({ TEST_CLOCK: clock, NODE_OPTIONS: `--import=${preload}` });
}

/** A version that nobody has fetched yet. */
async function fresh(): Promise<string> {
  const text = `${(version += 1)}.0.0`;
  await system.publish('Noop', text, { ...noopHandler, 'version.txt': text });
  return text;
}

async function install(wanted: string): Promise<string> {
  const ended: Ended = await system.install('noop', { type: 'Noop', version: wanted });
  return ended.error?.code ?? ended.status;
}

/** Hands out the catalog that lies in another folder; the centre goes on with its own. */
function serveInstead(folder: string): void {
  system.carrier.instead = (path) => {
    const [, file = ''] = /^\/catalog\/([^/?]+)$/.exec(path) ?? [];
    const other = join(folder, file);
    return file !== '' && existsSync(other) ? readFileSync(other) : undefined;
  };
}

/** The agent's program is taken off the machine and put on it again; who owns it connects it once more. */
async function reinstall(): Promise<void> {
  await agent.stop();
  const left = await system.azcmagent('disconnect', '--force-local-only');
  expect(left.code, left.output).toBe(0);
  const resource = system.extensionPath('x').split('/extensions/')[0] ?? '';
  await system.client.arm('DELETE', `${resource}?api-version=2024-07-10`);
  const root = join(system.folder, 'gallery/metadata/1.root.json');
  const connected = await system.azcmagent(...connectArguments(system, root));
  expect(connected.code, connected.output).toBe(0);
  agent = await startAgent();
}

test.each([
  ['the catalog', 'CatalogTooSlow', (path: string) => path.startsWith('/catalog/')],
  ['the package', 'PackageTooSlow', (path: string) => path.startsWith('/packages/')],
] as const)(
  'T23 %s does not come: %s, in the centre and on the machine',
  { timeout: patience },
  async (shortens, code, silent) => {
    const wanted = await fresh();
    warp({ shortens });
    system.carrier.silent = silent;
    expect(await install(wanted)).toBe(code);
    expect(JSON.stringify(await system.get(system.extensionPath('noop')))).toContain(`"${code}"`);
    const log = readFileSync(join(system.root, 'var/lib/GuestConfig/ext_mgr_logs/gc_ext.log'), 'utf8');
    expect(log).toContain(code);
    warp({});
    system.carrier.silent = undefined;
    expect(await install(wanted)).toBe('Succeeded');
  },
);

test('T72 a clock that is set forward refuses only for as long as it is wrong', { timeout: patience }, async () => {
  const wanted = await fresh();
  warp({ ahead: 20 * day });
  expect(await install(wanted)).toBe('CatalogFrozen');
  warp({});
  expect(await install(wanted)).toBe('Succeeded');
});

test(
  'T21 what was seen stays seen: after the agent was killed, and after it was installed anew',
  { timeout: patience },
  async () => {
    const wanted = await fresh();
    const once = join(system.folder, 'once');
    cpSync(join(system.folder, 'gallery/metadata'), once, { recursive: true });
    expect(await install(await fresh())).toBe('Succeeded');
    serveInstead(once);
    expect(await install(wanted)).toBe('CatalogRollback');
    await agent.stop('SIGKILL');
    agent = await startAgent();
    expect(await install(wanted)).toBe('CatalogRollback');
    await reinstall();
    expect(await install(wanted)).toBe('CatalogRollback');
    system.carrier.instead = undefined;
    expect(await install(wanted)).toBe('Succeeded');
  },
);

test(
  'T71 a clock that is set back makes nothing valid again that had expired, whatever is restarted',
  { timeout: patience },
  async () => {
    const wanted = await fresh();
    // The gallery a year later. Its publisher has not signed again.
    const later = join(system.folder, 'later');
    cpSync(join(system.folder, 'gallery/metadata'), join(later, 'metadata'), { recursive: true });
    mkdirSync(join(later, 'keys'), { mode: 0o700 });
    for (const key of readdirSync(join(system.folder, 'gallery/keys'))) {
      if (key.startsWith(`publisher.${publisher.toLowerCase()}`)) continue;
      cpSync(join(system.folder, 'gallery/keys', key), join(later, 'keys', key));
    }
    for (const days of [200, 366]) {
      const now = (): Date => new Date(Date.now() + days * day);
      await openRepository({ directory: join(later, 'metadata'), keysDirectory: join(later, 'keys'), now }).refresh();
    }
    serveInstead(join(later, 'metadata'));
    warp({ ahead: 366 * day });
    expect(await install(wanted)).toBe('CatalogExpired');
    warp({});
    expect(await install(wanted)).toBe('CatalogExpired');
    await agent.stop('SIGKILL');
    agent = await startAgent();
    expect(await install(wanted)).toBe('CatalogExpired');
    warp({ ahead: -10 * day });
    await reinstall();
    expect(await install(wanted)).toBe('CatalogExpired');
  },
);
