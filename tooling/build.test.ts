import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackage, readPackageEntry } from '@sallyport/archive';
import { parseHandlerManifest } from '@sallyport/handler-contract';
import { temporaryDirectory } from '@sallyport/testkit';
import { describe, expect, test } from 'vitest';
import { buildAgentPrograms, buildExtensions } from './build.ts';
import { packageArchive } from './build/package-archive.ts';

describe('the build', () => {
  test('S1.3 an extension becomes a package that the strict reader accepts and whose commands are in it', async () => {
    using output = temporaryDirectory('build');
    const [built] = await buildExtensions(output.path);
    expect(built).toMatchObject({ publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript', version: '2.1.0' });
    const descriptor = openSync(built?.file ?? '', 'r');
    try {
      const entries = listPackage(descriptor);
      const manifest = parseHandlerManifest(String(readPackageEntry(descriptor, 'HandlerManifest.json', 10_000)));
      for (const { program } of Object.values(manifest.commands)) {
        expect(entries.find((entry) => entry.path === program)?.isExecutable).toBe(true);
      }
      expect(entries.map((entry) => entry.path)).toEqual([
        'HandlerManifest.json',
        'bin/custom-script-shim',
        'bin/custom-script.cjs',
      ]);
    } finally {
      closeSync(descriptor);
    }
  });

  test('two builds give the same bytes, whatever the time zone and the order of files', async () => {
    using output = temporaryDirectory('build');
    const [once] = await buildExtensions(join(output.path, 'one'));
    const before = process.env['TZ'];
    process.env['TZ'] = 'Pacific/Kiritimati';
    try {
      const [again] = await buildExtensions(join(output.path, 'two'));
      expect(again?.sha256).toBe(once?.sha256);
      expect(readFileSync(again?.file ?? '').equals(readFileSync(once?.file ?? ''))).toBe(true);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
    const files = ['b', 'a', 'c/d'].map((path) => ({ path, content: Buffer.from(path), isExecutable: false }));
    const sorted = await packageArchive(files);
    expect((await packageArchive(files.toReversed())).equals(sorted)).toBe(true);
  });

  test('the agent becomes a few files that run beside nothing but Node, with one byte for each character', async () => {
    using output = temporaryDirectory('build');
    const files = await buildAgentPrograms(output.path);
    const [file = ''] = files;
    for (const one of files) expect(readFileSync(one, 'utf8')).toMatch(/^[\u0000-\u007f]*$/);
    const run = spawnSync(process.execPath, [file, 'help'], {
      cwd: output.path,
      env: { AZCMAGENT_ROOT: output.path },
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('azcmagent');
  });

  test('the agent that is shipped becomes its resident program when it is run, and ends when it is told to', async () => {
    using output = temporaryDirectory('build');
    const [file = ''] = await buildAgentPrograms(output.path);
    const root = join(output.path, 'root');
    mkdirSync(root);
    const agent = spawn(process.execPath, [file, 'run', '--log-stderr'], {
      env: { AZCMAGENT_ROOT: root },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    agent.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await expect.poll(() => said, { timeout: 20_000 }).toContain('not connected');
    expect(readFileSync(`/proc/${agent.pid}/cmdline`, 'latin1')).toContain('azcmagent-resident.cjs\0--log-stderr');
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(said).toContain('The agent has stopped.');
  });
});
