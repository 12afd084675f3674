/**
 * The way over systemd, with programs in the place of `systemctl` and `systemd-run` that note how they are called, and refuse. What a
 * real systemd makes of the words is in `own-systemd.test.ts`.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion } from '@sallyport/model';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import type { Member } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import { systemdGroups } from './systemd-groups.ts';

const version = parseHandlerVersion('1.2.0');
if (version === undefined) throw new Error('not a version');
const member: Member = { name: knownExtension('Contoso-Labs.Test/Thing'), version, directory: '/nowhere' };
const limits: ExtensionLimits = { cpuPercent: 30, memoryBytes: 1_000_000, processes: 50, diskBytes: 9_000_000 };

/** Notes its words; then does what systemd's own program would: run the rest, or end well or badly. */
function program(directory: TemporaryDirectory, name: string, then: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> '${directory.path}/called'\n${then}\n`);
  chmodSync(path, 0o755);
  return path;
}

function called(directory: TemporaryDirectory): readonly string[] {
  return readFileSync(join(directory.path, 'called'), 'utf8').trimEnd().split('\n');
}

const untilTheRest = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';

test('T45 the limits are set on the slice of the extension, and its command runs in a scope below it', () => {
  using directory = temporaryDirectory('systemd');
  const run = program(directory, 'systemd-run', untilTheRest);
  const groups = systemdGroups(
    { programs: { run, control: program(directory, 'systemctl', 'exit 0') }, trees: {} },
    'azcmagent',
  );
  const group = groups.open(member, limits);
  expect(group.problems).toEqual([]);
  const [file, ...words] = group.launch(['/bin/echo', 'hello there']);
  expect(execFileSync(file, words, { encoding: 'utf8', env: {}, input: '\n' })).toBe('hello there\n');
  const slice = String.raw`azcmagent-Contoso\x2dLabs.Test.Thing`;
  const [set = '', tried = '', ran = ''] = called(directory);
  expect(tried).toBe(`systemd-run --scope --quiet --collect --slice=${slice}-1.2.0.slice -- /bin/true`);
  expect(set).toBe(
    `systemctl set-property --runtime ${slice}.slice CPUQuota=30% CPUQuotaPeriodSec=1s MemoryMax=1000000 MemorySwapMax=0 TasksMax=50`,
  );
  expect(ran.startsWith(`systemd-run --scope --quiet --collect --slice=${slice}-1.2.0.slice -- `)).toBe(true);
  expect(groups.count(member)).toBe(0);
});

test('T45 limits that systemd does not take are told, and the command runs in its scope all the same', () => {
  using directory = temporaryDirectory('systemd');
  const refusing = program(directory, 'systemctl', "echo 'Unknown assignment: CPUQuotaPeriodSec=1s' >&2; exit 1");
  const run = program(directory, 'systemd-run', untilTheRest);
  const group = systemdGroups({ programs: { run, control: refusing }, trees: {} }, 'azcmagent').open(member, limits);
  expect(group.problems).toEqual([
    expect.stringMatching(/^The limits of an extension cannot be set: .*Unknown assignment/s),
  ]);
  const [file, ...words] = group.launch(['/bin/echo', 'ran']);
  expect(execFileSync(file, words, { encoding: 'utf8', env: {}, input: '\n' })).toBe('ran\n');
});

test('T45 where no scope can be made that is told, and the command runs all the same: an extension can always be removed', () => {
  using directory = temporaryDirectory('systemd');
  const run = program(directory, 'systemd-run', "echo 'Failed to start transient scope unit' >&2; exit 1");
  const groups = systemdGroups(
    { programs: { run, control: program(directory, 'systemctl', 'exit 0') }, trees: {} },
    'azcmagent',
  );
  const group = groups.open(member, limits);
  expect(group.problems).toEqual([
    expect.stringMatching(/^The scope of an extension cannot be made: .*Failed to start transient scope unit/s),
  ]);
  const [file, ...words] = group.launch(['/bin/sh', '-c', 'echo ran; ulimit -f']);
  // What is kept by each process is kept.
  expect(execFileSync(file, words, { encoding: 'utf8', env: {}, input: '\n' })).toBe('ran\n17578\n');
  // It may have been a moment only.
  writeFileSync(run, `#!/bin/sh\n${untilTheRest}\n`);
  expect(groups.open(member, limits).problems).toEqual([]);
});

test('T44 a version of which nothing runs: nobody is ended, and its slices go', async () => {
  using directory = temporaryDirectory('systemd');
  const control = program(directory, 'systemctl', 'exit 0');
  const groups = systemdGroups({ programs: { run: '/nowhere', control }, trees: {} }, 'azcmagent');
  expect(await groups.end(member)).toEqual([]);
  expect(called(directory).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'systemctl stop',
    'systemctl stop',
    'systemctl revert',
  ]);
});
