import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  changeProperty,
  defaultControls,
  extensionListOf,
  formatValue,
  knownExtension,
  parsed,
  parseProxyUrl,
  refused,
  type PropertyName,
} from '@sallyport/local-controls';
import { describe, expect, test } from 'vitest';
import type { Environment } from '../platform/environment.ts';
import { changeControls, type ChangeOutcome } from './change-controls.ts';
import { withConfigurationLock } from './configuration-lock.ts';
import { testMachine } from './machine.fixture.ts';
import { proxyInForce } from './proxy-credentials.ts';
import { lastGoodPath, readControls } from './read-controls.ts';
import { restoreControls } from './restore-controls.ts';

function set(environment: Environment, name: PropertyName, text: string): ChangeOutcome {
  return changeControls(environment, (controls) => {
    const changed = changeProperty(controls, name, { kind: 'set', text });
    if (!changed.ok) return changed;
    const url = parseProxyUrl(text);
    const proxyCredentials = name === 'proxy.url' && url.ok ? url.value.credentials : undefined;
    return parsed({ controls: changed.value.controls, proxyCredentials });
  });
}

function value(environment: Environment, name: PropertyName): string {
  const reading = readControls(environment);
  return reading.kind === 'in-force' ? formatValue(reading.controls, name) : reading.reason;
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test('T55 a change is stored with the next generation, 0644 under any umask, and its last good copy after it', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  const umask = process.umask(0o077);
  try {
    expect(set(environment, 'extensions.blocklist', 'a/b')).toMatchObject({ kind: 'stored', generation: 1 });
    expect(set(environment, 'extensions.enabled', 'false')).toMatchObject({ kind: 'stored', generation: 2 });
  } finally {
    process.umask(umask);
  }
  expect(value(environment, 'extensions.blocklist')).toBe('[a/b]');
  expect(value(environment, 'extensions.enabled')).toBe('false');
  expect([modeOf(paths.localConfig), modeOf(lastGoodPath(paths.localConfig)), modeOf(paths.data)]).toEqual([
    0o644, 0o644, 0o755,
  ]);
  expect(modeOf(`${paths.localConfig}.lock`)).toBe(0o600);
  expect(readFileSync(lastGoodPath(paths.localConfig))).toEqual(readFileSync(paths.localConfig));
});

test('S4.10 a directory that another command made closed is opened, so that anyone may read what is in force', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  mkdirSync(paths.data, { recursive: true, mode: 0o755 });
  chmodSync(paths.data, 0o700);
  set(environment, 'extensions.blocklist', 'a/b');
  expect(modeOf(paths.data)).toBe(0o755);
});

test('what does not change is not written', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  expect(set(environment, 'config.mode', 'full')).toMatchObject({ kind: 'stored', generation: 0 });
  expect(existsSync(paths.localConfig)).toBe(false);
  set(environment, 'extensions.blocklist', 'a/b');
  const { ino } = statSync(paths.localConfig);
  expect(set(environment, 'extensions.blocklist', 'a/b')).toMatchObject({ kind: 'stored', generation: 1 });
  expect(statSync(paths.localConfig).ino).toBe(ino);
});

test('T55 lists that could not be read again are not written', () => {
  using machine = testMachine();
  const outcome = changeControls(machine.environment, (controls) => {
    const names = Array.from({ length: 20_000 }, (_, i) => knownExtension(`${'a'.repeat(128)}/${'b'.repeat(110)}${i}`));
    return parsed({ controls: { ...controls, 'extensions.blocklist': extensionListOf(names) } });
  });
  expect(outcome).toMatchObject({
    kind: 'refused',
    refusal: { reason: expect.stringContaining('the lists are too long') },
  });
  expect(existsSync(machine.paths.localConfig)).toBe(false);
});

test('a refused change writes nothing', () => {
  using machine = testMachine();
  expect(changeControls(machine.environment, () => refused('no'))).toEqual({ kind: 'refused', refusal: refused('no') });
  expect(existsSync(machine.paths.localConfig)).toBe(false);
});

test('T55 a change on an unreadable file is not made: its lists are not discarded in silence', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'extensions.blocklist', 'a/b');
  writeFileSync(paths.localConfig, 'broken');
  expect(set(environment, 'extensions.enabled', 'true')).toMatchObject({ kind: 'unreadable' });
  expect(readFileSync(paths.localConfig, 'utf8')).toBe('broken');
  rmSync(paths.localConfig);
  expect(set(environment, 'extensions.enabled', 'true')).toMatchObject({ kind: 'unreadable' });
  expect(existsSync(paths.localConfig)).toBe(false);
});

test('T54 nothing is written where others may write', () => {
  using machine = testMachine();
  chmodSync(machine.environment.root, 0o777);
  expect(() => set(machine.environment, 'extensions.blocklist', 'a/b')).toThrow(
    'may be written by users other than its owner',
  );
  expect(readdirSync(machine.environment.root)).toEqual([]);
});

test('T55 restore brings back the last good copy, whatever happened to the file', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'extensions.blocklist', 'a/b');
  const damages: readonly (() => void)[] = [
    () => rmSync(paths.localConfig),
    () => writeFileSync(paths.localConfig, ''),
    () => chmodSync(paths.localConfig, 0o666),
  ];
  for (const [index, damage] of damages.entries()) {
    damage();
    expect(readControls(environment).kind).toBe('unreadable');
    expect(restoreControls(environment, false)).toMatchObject({ kind: 'restored', source: 'last-good-copy' });
    expect(readControls(environment)).toMatchObject({ kind: 'in-force', generation: index + 2 });
    expect(value(environment, 'extensions.blocklist')).toBe('[a/b]');
  }
  expect(restoreControls(environment, true)).toEqual({ kind: 'in-order', file: paths.localConfig });
});

test('T55 without a usable copy restore refuses, or begins again with nothing allowed', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'extensions.blocklist', 'a/b');
  rmSync(paths.localConfig);
  const copy = lastGoodPath(paths.localConfig);
  chmodSync(copy, 0o666);
  expect(restoreControls(environment, false)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('may be written'),
  });
  chmodSync(copy, 0o644);
  writeFileSync(copy, 'broken');
  expect(restoreControls(environment, false)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('is not JSON'),
  });
  writeFileSync(paths.localConfig, 'broken too');
  rmSync(copy);
  expect(restoreControls(environment, false)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('no last good copy'),
  });
  expect(restoreControls(environment, true)).toMatchObject({ kind: 'restored', source: 'nothing-allowed' });
  expect(value(environment, 'extensions.allowlist')).toBe('[Allow/None]');
  expect(restoreControls(environment, true)).toMatchObject({ kind: 'in-order' });
});

test('T55 what a killed writer left is swept, and a copy that is behind is repaired, even when nothing changes', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'extensions.blocklist', 'a/b');
  const old = readFileSync(paths.localConfig);
  set(environment, 'extensions.blocklist', 'c/d');
  writeFileSync(lastGoodPath(paths.localConfig), old);
  for (const left of ['.localconfig.json.new', '.localconfig.json.last-good.new', '.localsecrets.json.new']) {
    writeFileSync(join(paths.data, left), 'half');
  }
  writeFileSync(join(paths.data, '.agentconfig.json.new'), 'of others');
  set(environment, 'extensions.blocklist', 'c/d');
  expect(readFileSync(lastGoodPath(paths.localConfig))).toEqual(readFileSync(paths.localConfig));
  expect(readdirSync(paths.data).filter((name) => name.endsWith('.new'))).toEqual(['.agentconfig.json.new']);
});

test('proxy credentials lie apart, 0600, are found again, and go when the address goes', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  expect(proxyInForce(environment, readControls(environment))).toBeUndefined();
  set(environment, 'proxy.url', 'http://me:s3cr/et@proxy:1');
  expect(readFileSync(paths.localConfig, 'utf8')).not.toContain('s3cr');
  expect(readFileSync(lastGoodPath(paths.localConfig), 'utf8')).not.toContain('s3cr');
  expect(modeOf(paths.localSecrets)).toBe(0o600);
  expect(value(environment, 'proxy.url')).toBe('http://***@proxy:1');
  expect(proxyInForce(environment, readControls(environment))).toBe('http://me:s3cr%2Fet@proxy:1');
  // Another password for the same address is a change, though nothing of it is shown.
  set(environment, 'proxy.url', 'http://me:other@proxy:1');
  expect(proxyInForce(environment, readControls(environment))).toBe('http://me:other@proxy:1');
  set(environment, 'proxy.url', 'http://me:third@elsewhere:1');
  expect(readFileSync(paths.localSecrets, 'utf8')).not.toContain('other');
  rmSync(paths.localSecrets);
  expect(() => proxyInForce(environment, readControls(environment))).toThrow('set proxy.url again');
  set(environment, 'proxy.url', 'http://me:fourth@elsewhere:1');
  set(environment, 'proxy.url', 'http://proxy:1');
  expect(existsSync(paths.localSecrets)).toBe(false);
  expect(proxyInForce(environment, readControls(environment))).toBe('http://proxy:1');
  expect(proxyInForce(environment, { kind: 'unreadable', file: '', reason: '' })).toBeUndefined();
});

test('T54 secrets that others may write are not used', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'proxy.url', 'http://me:secret@proxy:1');
  chmodSync(paths.localSecrets, 0o666);
  expect(() => proxyInForce(environment, readControls(environment))).toThrow('may be written');
});

test.each([
  ['damaged', (path: string) => writeFileSync(path, '{"me":"topsecret')],
  [
    'of another form',
    (path: string) => writeFileSync(path, '{"formatVersion":1,"proxyCredentials":{"me":"topsecret"}}'),
  ],
  ['writable by others', (path: string) => chmodSync(path, 0o666)],
])('T50 T55 secrets that are %s: told without their words, and set or cleared away as a whole', (_what, damage) => {
  for (const [property, text, left] of [
    ['proxy.url', 'http://me:again@proxy:1', 'http://me:again@proxy:1'],
    ['proxy.url', 'http://elsewhere:1', 'http://elsewhere:1'],
  ] as const) {
    using machine = testMachine();
    const { environment, paths } = machine;
    set(environment, 'proxy.url', 'http://me:topsecret@proxy:1');
    damage(paths.localSecrets);
    let told = '';
    try {
      proxyInForce(environment, readControls(environment));
    } catch (error) {
      told = String(error);
    }
    expect(told).toContain(paths.localSecrets);
    expect(told).not.toMatch(/top|secret"/);
    set(environment, property, text);
    expect(proxyInForce(environment, readControls(environment))).toBe(left);
    expect(existsSync(paths.localSecrets)).toBe(left.includes('@'));
    if (left.includes('@')) expect(modeOf(paths.localSecrets)).toBe(0o600);
  }
});

test('T50 T55 secrets of a newer version: no request goes without them, and they are told to be that and left as they are', () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  set(environment, 'proxy.url', 'http://me:topsecret@proxy:1');
  writeFileSync(paths.localSecrets, '{"formatVersion":2,"sealed":"topsecret"}', { mode: 0o600 });
  const before = readFileSync(paths.localConfig, 'utf8');
  const told = new RegExp(
    `^${paths.localSecrets} was written by a newer version of the agent \\(format 2; this one reads format 1\\)\\. Install that version again, or move the file away and set proxy\\.url again with: azcmagent config set proxy\\.url$`,
  );
  expect(() => proxyInForce(environment, readControls(environment))).toThrow(told);
  // The same address, another one, and one that needs no secrets.
  for (const url of ['http://me:again@proxy:1', 'http://me:again@elsewhere:1', 'http://elsewhere:1'])
    expect(() => set(environment, 'proxy.url', url)).toThrow(told);
  expect(readFileSync(paths.localConfig, 'utf8')).toBe(before);
  expect(readFileSync(paths.localSecrets, 'utf8')).toBe('{"formatVersion":2,"sealed":"topsecret"}');
  // Nothing else is held up, and moving it away is the way back.
  set(environment, 'extensions.blocklist', 'a/b');
  rmSync(paths.localSecrets);
  set(environment, 'proxy.url', 'http://me:again@proxy:1');
  expect(proxyInForce(environment, readControls(environment))).toBe('http://me:again@proxy:1');
});

test('T55 a lock that is held is waited for, then told; it ends with its holder', async () => {
  using machine = testMachine();
  const lock = join(machine.environment.root, 'lock');
  const module = JSON.stringify(join(import.meta.dirname, 'configuration-lock.ts'));
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { withConfigurationLock } = await import(${module});
     withConfigurationLock(process.argv[1], 0, () => { process.stdout.write('held\\n'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000); });`,
      lock,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => holder.on('exit', resolve));
  try {
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(() => withConfigurationLock(lock, 50, () => 'mine')).toThrow(
      'Another azcmagent is changing the configuration',
    );
  } finally {
    holder.kill('SIGKILL');
    await ended;
  }
  expect(withConfigurationLock(lock, 50, () => 'mine')).toBe('mine');
});

test('T55 an error under the lock frees it', () => {
  using machine = testMachine();
  const lock = join(machine.environment.root, 'lock');
  expect(() =>
    withConfigurationLock(lock, 50, () => {
      throw new Error('inside');
    }),
  ).toThrow('inside');
  expect(withConfigurationLock(lock, 50, () => 'mine')).toBe('mine');
});

/** Processes that add entries; resolves to what each said it had stored. */
function loops(
  root: string,
  prefixes: readonly string[],
  count: number,
  killAfter?: () => number,
): Promise<string[][]> {
  const fixture = join(import.meta.dirname, 'change-loop.fixture.ts');
  return Promise.all(
    prefixes.map(
      (prefix) =>
        new Promise<string[]>((resolve, reject) => {
          const child = spawn(process.execPath, [fixture, root, prefix, String(count)], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          let said = '';
          child.stdout.on('data', (chunk: Buffer) => {
            if (said === '' && killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter());
            said += chunk.toString();
          });
          child.on('error', reject);
          child.on('close', () => resolve(said.split('\n').slice(0, -1)));
        }),
    ),
  );
}

function blocklist(environment: Environment): readonly string[] {
  const reading = readControls(environment);
  if (reading.kind === 'unreadable') throw new Error(reading.reason);
  return reading.controls['extensions.blocklist'].entries.map(({ publisher, type }) => `${publisher}/${type}`);
}

test('T55 administrators who change the lists at the same time lose nothing', { timeout: 300_000 }, async () => {
  using machine = testMachine();
  const { environment } = machine;
  const said = await loops(environment.root, ['a', 'b', 'c', 'd'], 40);
  expect(said.map((entries) => entries.length)).toEqual([40, 40, 40, 40]);
  expect(new Set(blocklist(environment))).toEqual(new Set(said.flat()));
  expect(readControls(environment)).toMatchObject({ generation: 160 });
});

test(
  'T55 writers killed at random among others: the file is whole, what was acknowledged is in it',
  { timeout: 300_000 },
  async () => {
    using machine = testMachine();
    const { environment } = machine;
    const acknowledged: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const said = await loops(
        environment.root,
        [`x${round}`, `y${round}`, `z${round}`],
        500,
        () => Math.random() * 40,
      );
      acknowledged.push(...said.flat());
      const there = blocklist(environment);
      expect(acknowledged.filter((entry) => !there.includes(entry))).toEqual([]);
      // At most the one that each was about to acknowledge.
      expect(there.length - acknowledged.length).toBeLessThanOrEqual(3 * (round + 1));
    }
  },
);

// A process for each point: minutes on a machine that is busy with the other tests.
describe('T55 killed before every single call that touches the disk', { timeout: 300_000 }, () => {
  const fixture = join(import.meta.dirname, 'killed-change.fixture.ts');

  /** Kills at the first call, then the second …; returns how many points there were. */
  function killEverywhere(
    prepare: (environment: Environment) => void,
    url: string,
    check: (environment: Environment) => void,
  ): number {
    for (let nth = 1; nth < 200; nth += 1) {
      using machine = testMachine();
      prepare(machine.environment);
      const run = spawnSync(process.execPath, [fixture, machine.environment.root, url, String(nth)], {
        encoding: 'utf8',
      });
      check(machine.environment);
      // Whatever it left does not hinder the next change.
      expect(set(machine.environment, 'extensions.blocklist', 'after/wards'), `killed at ${nth}`).toMatchObject({
        kind: 'stored',
      });
      expect(readdirSync(machine.paths.data).filter((name) => name.endsWith('.new'))).toEqual([]);
      expect(readFileSync(lastGoodPath(machine.paths.localConfig))).toEqual(readFileSync(machine.paths.localConfig));
      if (run.status === 0) return nth - 1;
      expect(run.signal, run.stderr).toBe('SIGKILL');
    }
    throw new Error('it never ended');
  }

  test('the first change of a fresh machine: fresh or changed', () => {
    const points = killEverywhere(
      () => undefined,
      'http://proxy:1',
      (environment) => {
        expect(['', 'http://proxy:1']).toContain(value(environment, 'proxy.url'));
      },
    );
    expect(points).toBeGreaterThan(15);
  });

  test('a change of address and credentials: the old or the new, each with its own credentials', () => {
    const points = killEverywhere(
      (environment) => {
        mkdirSync(join(environment.root, 'var'), { mode: 0o755 });
        set(environment, 'extensions.blocklist', 'a/b');
        set(environment, 'proxy.url', 'http://me:old@before:1');
      },
      'http://me:new@behind:1',
      (environment) => {
        expect(['http://me:old@before:1', 'http://me:new@behind:1']).toContain(
          proxyInForce(environment, readControls(environment)),
        );
        expect(value(environment, 'extensions.blocklist')).toBe('[a/b]');
      },
    );
    expect(points).toBeGreaterThan(25);
  });
});

test('defaults are the controls of a machine that was never configured', () => {
  using machine = testMachine();
  expect(readControls(machine.environment)).toMatchObject({ controls: defaultControls });
});
