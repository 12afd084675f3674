/** What somebody who can write where the agent writes, or an extension, may try against the files that steps read and write. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import { carryOut } from './executors.ts';
import { handlerPaths, settingsFile, statusFile } from './handler-paths.ts';
import { entry, extension, testMachine, type TestMachine } from './machine.fixture.ts';
import { programDigests } from './verify/program-digests.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;
const operation = { id: 'wanted', kind: 'install' } as const;

test.each([
  ['T34 hard link', linkSync],
  ['T57 symbolic link', symlinkSync],
] as const)(
  'a %s in the place of settings or environment file leads no write to where it points',
  async (_kind, plant) => {
    using machine = testMachine();
    machine.put({ name: extension, version, resourceName: 'thing', phase: 'placed', operation });
    const paths = handlerPaths(machine.host.paths, extension, version);
    const victim = join(machine.host.paths.handlers, 'victim');
    writeFileSync(victim, 'as it was', { mode: 0o600 });
    const context = machine.context('install', { entry: entry({ settings: { say: 'hello' } }) });
    await carryOut([{ kind: 'configure', version }], context);
    const targets = [settingsFile(paths, 9), join(paths.directory, 'HandlerEnvironment.json')];
    rmSync(targets[1] ?? '');
    for (const path of targets) plant(victim, path);
    const again = machine.context('install', { entry: entry({ settings: { say: 'again' }, sequence: 9 }) });
    await carryOut([{ kind: 'configure', version }], again);
    expect(readFileSync(victim, 'utf8')).toBe('as it was');
    expect(readFileSync(settingsFile(paths, 9), 'utf8')).toContain('again');
  },
);

test.each([
  ['link', symlinkSync],
  ['second name', linkSync],
])('T47 a status that is a %s of the status of another extension is not taken for its own', async (_kind, plant) => {
  using machine = testMachine();
  machine.put({ name: extension, version, resourceName: 'thing', phase: 'enabled', operation });
  const other = join(machine.host.paths.handlers, 'other.status');
  const formattedMessage = { lang: 'en', message: 'the other works' };
  writeFileSync(other, JSON.stringify([{ version: 1, status: { status: 'success', code: 0, formattedMessage } }]));
  plant(other, statusFile(handlerPaths(machine.host.paths, extension, version), 8));
  const context = machine.context('install');
  await expect(carryOut([{ kind: 'await-status', version }], context)).rejects.toMatchObject({ code: 'StatusInvalid' });
  expect(JSON.stringify(context.findings)).not.toContain('the other works');
});

/** A machine with a handler as it was verified; `directory` is the handler's, `program` what enables it. */
function verified(): { machine: TestMachine; directory: string; program: string } {
  const machine = testMachine();
  machine.put({ name: extension, version, resourceName: 'thing', phase: 'enabled', operation });
  const { directory } = handlerPaths(machine.host.paths, extension, version);
  const programs = programDigests(directory);
  machine.put({ name: extension, version, resourceName: 'thing', phase: 'enabled', operation, programs });
  return { machine, directory, program: join(directory, 'bin/enable.sh') };
}

const evil = '#!/bin/sh\necho evil >> "$0.ran"\n';

describe('T56 what is started of a handler is what was verified', () => {
  test.each<readonly [string, (directory: string, program: string) => void]>([
    ['a program that was added to', (_directory, program) => appendFileSync(program, '\necho evil\n')],
    ['another program', (_directory, program) => writeFileSync(program, evil)],
    [
      'a link to another one',
      (directory, program) => {
        writeFileSync(join(directory, 'evil'), readFileSync(program), { mode: 0o755 });
        rmSync(program);
        symlinkSync('evil', program);
      },
    ],
    ['none', (_directory, program) => rmSync(program)],
    [
      'a manifest that names another one',
      (directory) => {
        const manifest = join(directory, 'HandlerManifest.json');
        writeFileSync(join(directory, 'evil'), evil, { mode: 0o755 });
        writeFileSync(
          manifest,
          readFileSync(manifest, 'utf8').replace(/"enableCommand":"[^"]*"/, '"enableCommand":"evil"'),
        );
      },
    ],
    [
      'a pipe for a manifest, which nobody waits for (T57)',
      (directory) => {
        rmSync(join(directory, 'HandlerManifest.json'));
        execFileSync('mkfifo', [join(directory, 'HandlerManifest.json')]);
      },
    ],
  ])('%s is refused and told; the extension can be deleted all the same (S4.6)', async (_what, tamper) => {
    const { machine, directory, program } = verified();
    using _own = machine;
    tamper(directory, program);
    await expect(carryOut([{ kind: 'enable', version }], machine.context('update'))).rejects.toMatchObject({
      code: 'HandlerChanged',
      message: expect.stringContaining(directory),
    });
    const away = (['disable', 'uninstall', 'discard'] as const).map((kind) => ({ kind, version }));
    await carryOut(away, machine.context('delete'));
    expect(machine.history().filter((line) => !/^[?:]/.test(line))).toEqual([]);
    expect(machine.state()).toBe('nothing');
  });

  test('what a handler makes of itself in its own commands is its own', async () => {
    const { machine, directory, program } = verified();
    using _own = machine;
    const enables = (['enable', 'enable'] as const).map((kind) => ({ kind, version }));
    const itself = `#!/bin/sh\necho "2.0.0 itself" >> '${machine.historyFile}'\necho '# newer' >> "$0"\n`;
    writeFileSync(program, itself);
    const record = machine.host.store.list().extensions[0];
    if (record !== undefined) machine.host.store.put({ ...record, programs: programDigests(directory) });
    await carryOut(enables, machine.context('update'));
    expect(machine.history().filter((line) => line.includes('itself'))).toHaveLength(2);
  });
});
