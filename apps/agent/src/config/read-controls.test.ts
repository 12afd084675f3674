import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { decide, defaultControls, knownExtension, writeDocument } from '@sallyport/local-controls';
import { describe, expect, test } from 'vitest';
import { makeParent, testMachine, type TestMachine } from './machine.fixture.ts';
import { lastGoodPath, readControls } from './read-controls.ts';

const controls = { ...defaultControls, 'extensions.enabled': false };
const text = writeDocument({ controls, generation: 3 });

/** A machine with a file in order. */
function configured(): TestMachine {
  const machine = testMachine();
  makeParent(machine.paths.localConfig);
  writeFileSync(machine.paths.localConfig, text, { mode: 0o644 });
  chmodSync(machine.paths.localConfig, 0o644);
  return machine;
}

function reasonOf({ environment }: TestMachine): string {
  const reading = readControls(environment);
  if (reading.kind !== 'unreadable') return 'in force';
  expect(decide('install', knownExtension('a/b'), reading).outcome).toBe('block');
  expect(decide('delete', knownExtension('a/b'), reading).outcome).toBe('allow');
  return reading.reason;
}

test('S4.2 S4.3 a freshly installed machine has the defaults: everything is allowed', () => {
  using machine = testMachine();
  const fresh = { kind: 'in-force', controls: defaultControls, file: machine.paths.localConfig, generation: 0 };
  expect(readControls(machine.environment)).toEqual(fresh);
});

test('a file in order is in force', () => {
  using machine = configured();
  expect(readControls(machine.environment)).toEqual({
    kind: 'in-force',
    controls,
    file: machine.paths.localConfig,
    generation: 3,
  });
});

test('T55 a file that has gone while its last good copy is there is unreadable, not "no lists"', () => {
  using machine = configured();
  const { localConfig } = machine.paths;
  renameSync(localConfig, lastGoodPath(localConfig));
  expect(reasonOf(machine)).toBe(
    `${localConfig} is missing, and its last good copy says that there was one; bring back the last good copy with: azcmagent config restore.`,
  );
  // Whatever became of the copy: it is a trace.
  rmSync(lastGoodPath(localConfig));
  symlinkSync('/nowhere', lastGoodPath(localConfig));
  expect(reasonOf(machine)).toContain('is missing');
});

test('T55 a malformed file says what is wrong and what to do', () => {
  using machine = configured();
  writeFileSync(machine.paths.localConfig, text.slice(0, 100));
  expect(reasonOf(machine)).toMatch(
    /cannot be used: it is not JSON .*; bring back the last good copy with: azcmagent config restore\.$/,
  );
  writeFileSync(machine.paths.localConfig, ' '.repeat(4 * 1024 * 1024 + 1));
  expect(reasonOf(machine)).toContain('is larger than');
});

describe('T54 permission matrix', () => {
  for (const mode of [0o600, 0o644, 0o640, 0o444, 0o755]) {
    test(`a file of mode ${mode.toString(8)} is in force`, () => {
      using machine = configured();
      chmodSync(machine.paths.localConfig, mode);
      expect(reasonOf(machine)).toBe('in force');
    });
  }
  for (const mode of [0o666, 0o664, 0o646, 0o622, 0o602, 0o620, 0o777]) {
    test(`a file of mode ${mode.toString(8)} is not trusted`, () => {
      using machine = configured();
      const { localConfig } = machine.paths;
      chmodSync(localConfig, mode);
      expect(reasonOf(machine)).toBe(
        `${localConfig} may be written by users other than its owner (mode ${mode.toString(8)}); make sure that nobody did, then run: chmod 644 ${localConfig}.`,
      );
    });
  }

  const directories: readonly (readonly [string, (machine: TestMachine) => string])[] = [
    ['its directory', ({ paths }) => paths.data],
    ['/var/opt', ({ paths }) => dirname(paths.data)],
    ['/var', ({ paths }) => dirname(dirname(paths.data))],
    ['the root', ({ environment }) => environment.root],
  ];
  for (const [what, directory] of directories) {
    for (const mode of [0o777, 0o775, 0o757, 0o1777, 0o1775]) {
      test(`${what} of mode ${mode.toString(8)} is not trusted, with a file or without`, () => {
        using machine = configured();
        chmodSync(directory(machine), mode);
        expect(reasonOf(machine)).toContain(`${directory(machine)} may be written by users other than its owner`);
        rmSync(machine.paths.localConfig);
        expect(reasonOf(machine)).toContain(`${directory(machine)} may be written by users other than its owner`);
      });
    }
  }

  test('above the root a sticky directory is trusted, one that is not sticky is not', () => {
    using machine = configured();
    chmodSync(machine.above, 0o1777);
    expect(reasonOf(machine)).toBe('in force');
    chmodSync(machine.above, 0o777);
    expect(reasonOf(machine)).toContain(`${machine.above} may be written`);
  });

  test('a machine that has no directory yet is checked from the nearest one that exists', () => {
    using machine = testMachine();
    chmodSync(machine.environment.root, 0o777);
    expect(reasonOf(machine)).toContain(`${machine.environment.root} may be written`);
  });

  test('T57 a symbolic link, a directory, a pipe in its place are not the file, and nothing waits for them', () => {
    using machine = configured();
    const { localConfig } = machine.paths;
    renameSync(localConfig, `${localConfig}.moved`);
    symlinkSync(`${localConfig}.moved`, localConfig);
    expect(reasonOf(machine)).toBe(`${localConfig} is a symbolic link; remove it, then run: azcmagent config restore.`);
    rmSync(localConfig);
    mkdirSync(localConfig);
    expect(reasonOf(machine)).toContain('is not a regular file');
    rmSync(localConfig, { recursive: true });
    spawnSync('mkfifo', ['-m', '644', localConfig]);
    expect(reasonOf(machine)).toContain('is not a regular file');
  });

  test('a directory reached through a link counts by where it leads', () => {
    using machine = configured();
    const { data } = machine.paths;
    const elsewhere = join(machine.above, 'elsewhere');
    renameSync(data, elsewhere);
    symlinkSync(elsewhere, data);
    expect(reasonOf(machine)).toBe('in force');
    chmodSync(elsewhere, 0o777);
    expect(reasonOf(machine)).toContain(`${elsewhere} may be written`);
  });

  test('a file in place of a directory is not trusted', () => {
    using machine = testMachine();
    writeFileSync(join(machine.environment.root, 'var'), '', { mode: 0o644 });
    expect(reasonOf(machine)).toContain('not a directory');
    rmSync(join(machine.environment.root, 'var'));
    makeParent(machine.paths.data);
    writeFileSync(machine.paths.data, '', { mode: 0o644 });
    expect(reasonOf(machine)).toBe(`${machine.paths.data} is not a directory.`);
  });
});

describe.runIf(process.getuid?.() === 0)('T54 owners (needs root)', () => {
  const stranger = 65_534;
  test('a root that does not exist yet is a fresh machine', () => {
    using machine = testMachine();
    rmSync(machine.environment.root, { recursive: true });
    expect(readControls(machine.environment)).toMatchObject({ kind: 'in-force', controls: defaultControls });
  });

  test("a file or a directory of another user's is not trusted, whatever its mode", () => {
    using machine = configured();
    const { localConfig, data } = machine.paths;
    chownSync(localConfig, stranger, stranger);
    expect(reasonOf(machine)).toBe(
      `${localConfig} belongs to user ${stranger}, not to the administrator; correct it with: chown 0 ${localConfig}.`,
    );
    chownSync(localConfig, 0, 0);
    chownSync(data, stranger, stranger);
    expect(reasonOf(machine)).toContain(`${data} belongs to user ${stranger}`);
    chownSync(data, 0, 0);
    chownSync(machine.above, stranger, stranger);
    expect(reasonOf(machine)).toContain(`${machine.above} belongs to user ${stranger}`);
  });

  test('a link that another user owns is not trusted', () => {
    using machine = configured();
    const { data } = machine.paths;
    const elsewhere = join(machine.above, 'elsewhere');
    renameSync(data, elsewhere);
    symlinkSync(elsewhere, data);
    lchownSync(data, stranger, stranger);
    expect(reasonOf(machine)).toContain(`${data} belongs to user ${stranger}`);
  });

  test('under a moved root its owner is the administrator, and root still is', () => {
    using machine = configured();
    chownSync(machine.environment.root, stranger, stranger);
    expect(reasonOf(machine)).toBe('in force');
    chownSync(machine.paths.localConfig, stranger, stranger);
    expect(reasonOf(machine)).toBe('in force');
    chownSync(machine.paths.localConfig, 1000, 1000);
    expect(reasonOf(machine)).toContain(`chown ${stranger}`);
  });
});

test('reading changes nothing', () => {
  using machine = configured();
  readControls(machine.environment);
  expect(readFileSync(machine.paths.localConfig, 'utf8')).toBe(text);
});
