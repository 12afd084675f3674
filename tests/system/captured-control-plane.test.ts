/**
 * A control plane whose database and process are in an attacker's hands, played between the machine and an honest one: whatever it says to
 * the machine, nothing runs that is unsigned, unlisted or replayed, and what was sealed is of no use anywhere else.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import { buildTestPackage, noopHandler, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publisher, startSystem, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';

const patience = { timeout: 30_000 };
let system: TestSystem;
let agent: Service;
/** What the attacker says instead of the goal state; each is told as a newer generation than the one before. */
let forge: ((honest: GoalState) => readonly GoalExtension[]) | undefined;
let generation = 1_000_000;
let otherMachine = false;
let noop = '';
let other = '';
let first: GoalExtension;
let second: GoalExtension;
let told: GoalState | undefined;
/** Every entry with sealed settings that the honest control plane sent. */
const kept: GoalExtension[] = [];

beforeAll(async () => {
  system = await startSystem();
  noop = system.carrier.url + (await system.publish('Noop', '1.0.0', noopHandler));
  await system.publish('Noop', '2.0.0', { ...noopHandler, 'version.txt': '2' });
  await system.publish('Blocked', '1.0.0', marked('Blocked'));
  await system.publish('Secretive', '1.0.0', marked('Secretive'));
  other = system.carrier.url + (await system.publish('Other', '1.0.0', marked('Other')));
  const blocked = await system.azcmagent('config', 'set', 'extensions.blocklist', `${publisher}/Blocked`);
  if (blocked.code !== 0) throw new Error(blocked.output);
  system.carrier.tamper = (path, body) => {
    if (path.endsWith('/goal-state')) {
      const honest = JSON.parse(body.toString()) as GoalState;
      kept.push(...honest.extensions.filter(({ protectedSettings }) => protectedSettings.kind === 'sealed'));
      if (forge === undefined) return body;
      const machineId = otherMachine ? randomUUID() : honest.machineId;
      told = { ...honest, machineId, generation, extensions: [...forge(honest)] };
      return Buffer.from(JSON.stringify(told));
    }
    return body;
  };
  agent = await system.startAgent();
  // While it is honest. The attacker keeps what goes by.
  first = await sealedFor('secretive', 'Secretive', { word: 'first' });
  second = await sealedFor('secretive', 'Secretive', { word: 'second' });
  // Heartbeats are the attacker's alone: the honest one never hears of the machine.
  system.carrier.instead = (path) =>
    path.endsWith('/heartbeat') ? Buffer.from(JSON.stringify({ generation })) : undefined;
  // The honest one holds a heartbeat still: this ends it.
  await system.ask('PUT', 'bell', { type: 'Noop' });
});
afterAll(async () => system.stop());

/** Leaves a mark when any command of it runs. */
function marked(type: string): ReturnType<typeof shellHandler> {
  return shellHandler({
    install: `touch "${join(system.folder, `ran-${type}`)}"`,
    enable: `touch "${join(system.folder, `ran-${type}`)}"; report success 0 'Done'`,
  });
}

const ran = (type: string): boolean => existsSync(join(system.folder, `ran-${type}`));

function log(): string {
  const path = join(system.root, 'var/lib/GuestConfig/ext_mgr_logs/gc_ext.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function entry(type: string, more: Partial<GoalExtension> = {}): GoalExtension {
  return {
    resourceName: type.toLowerCase(),
    publisher,
    type,
    desired: 'present',
    version: '1.0.0',
    operationId: randomUUID(),
    operationDone: false,
    sequence: generation,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...more,
  };
}

interface Line {
  readonly message: string;
  readonly operation?: string;
  readonly code?: string;
  readonly result?: string;
}

/** Says it to the machine and waits until it has made something of each entry. Returns what each ended with. */
async function say(attack: (honest: GoalState) => readonly GoalExtension[]): Promise<readonly (string | undefined)[]> {
  const before = log().length;
  generation += 1;
  forge = attack;
  await expect.poll(() => told?.generation, patience).toBe(generation);
  const ids = told?.extensions.map(({ operationId }) => operationId) ?? [];
  const ends = (): readonly (Line | undefined)[] => {
    const lines = log().slice(before).split('\n').slice(0, -1);
    const parsed = lines.map((line) => JSON.parse(line) as Line);
    return ids.map((id) =>
      parsed.find(({ message, operation }) => operation === id && /^(?:refused|operation ends)$/.test(message)),
    );
  };
  await expect.poll(() => ends().every((line) => line !== undefined), patience).toBe(true);
  return ends().map((line) => line?.code ?? line?.result);
}

/** Bytes that whoever has the gallery's folder can put there; nobody has signed them. */
function plant(type: string): string {
  const bytes = buildTestPackage(marked(type));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(system.folder, 'gallery/packages', `${sha256}.zip`), bytes);
  return `${system.carrier.url}/packages/${sha256}.zip`;
}

const packagesAsked = (): number => system.carrier.requests.filter((line) => line.includes('/packages/')).length;

describe('a control plane in the hands of an attacker', () => {
  test('T01 T05 T06 cannot make run what the server does not list, whatever it is called', async () => {
    const before = packagesAsked();
    for (const type of ['Blocked', 'blocked', 'BLOCKED'])
      expect([type, ...(await say(() => [entry(type)]))]).toEqual([type, 'ExtensionNotAllowed']);
    expect([ran('Blocked'), packagesAsked()]).toEqual([false, before]);
  });

  test('T10 T20 T26 cannot make run what nobody has signed, nor the bytes of one thing as another', async () => {
    const planted = plant('Planted');
    const codes = await say(() => [
      entry('Planted', { packageUrls: [planted] }),
      entry('Noop', { version: '9.9.9', packageUrls: [planted] }),
    ]);
    expect(codes).toEqual(['PackageNotInCatalog', 'PackageNotInCatalog']);
    const [swapped] = await say(() => [entry('Other', { packageUrls: [planted] })]);
    expect(swapped).toMatch(/^Package(?:Mismatch|Oversized)$/);
    expect([ran('Planted'), ran('Other')]).toEqual([false, false]);
  });

  test('T02 T03 T17 T18 cannot change what the server permits, nor its agent, with anything that it says', async () => {
    const controls = await system.azcmagent('config', 'list');
    const show = async (): Promise<unknown> => {
      const { output } = await system.azcmagent('show', '--json');
      return (JSON.parse(output) as { readonly agentVersion: unknown }).agentVersion;
    };
    const version = await show();
    const more = {
      agentConfiguration: { extensionsBlockList: [], extensionsEnabled: 'true', configMode: 'full' },
      agentUpgrade: { desiredVersion: '0.0.1', enableAutomaticUpgrade: true },
    };
    const codes = await say(() => [
      { ...entry('Blocked'), ...more },
      { ...entry('azcmagent', { publisher: 'Sallyport' }), ...more },
    ]);
    expect(codes).toEqual(['ExtensionNotAllowed', 'PackageNotInCatalog']);
    expect([await system.azcmagent('config', 'list'), await show(), ran('Blocked')]).toEqual([
      controls,
      version,
      false,
    ]);
  });

  test('T11 T12 T51 cannot use what was sealed a second time, elsewhere, or for something else', async () => {
    expect(ran('Secretive')).toBe(true);
    // As it was, with everything that binds it: T11.
    expect(await say(() => [first])).toEqual(['SettingsUnreadable']);
    const elsewhere: readonly Partial<GoalExtension>[] = [
      { sequence: second.sequence + 1 },
      { resourceName: 'other', type: 'Other', packageUrls: [other] },
    ];
    for (const change of elsewhere) {
      const moved = { ...second, operationId: randomUUID(), ...change };
      expect([change, ...(await say(() => [moved]))]).toEqual([change, 'SettingsUnreadable']);
    }
    expect(ran('Other')).toBe(false);
  });

  test('T12 a goal state of another machine makes it do nothing', async () => {
    const before = log().length;
    const asked = system.carrier.requests.length;
    generation += 1;
    otherMachine = true;
    forge = () => [entry('Other')];
    await expect.poll(() => told?.generation, patience).toBe(generation);
    await expect
      .poll(() => system.carrier.requests.slice(asked).filter((line) => line.endsWith('/heartbeat')).length, patience)
      .toBeGreaterThan(3);
    expect(log().slice(before)).not.toContain('operation begins');
    expect(ran('Other')).toBe(false);
    otherMachine = false;
  });

  test('and is believed again when it is honest', async () => {
    expect(await say(() => [entry('Noop', { packageUrls: [noop] })])).toEqual(['Succeeded']);
    expect(agent.output()).not.toContain('first');
  });
});

/** What an honest control plane seals for the machine and the machine carries out; the attacker has kept a copy. */
async function sealedFor(
  resource: string,
  type: string,
  protectedSettings: Readonly<Record<string, unknown>>,
): Promise<GoalExtension> {
  kept.length = 0;
  const { status, error } = await system.install(resource, { type, settings: {}, protectedSettings });
  if (status !== 'Succeeded') throw new Error(error?.message);
  const found = kept.find(({ resourceName }) => resourceName === resource);
  if (found === undefined) throw new Error(`Nothing was sealed for '${resource}'.`);
  return found;
}
