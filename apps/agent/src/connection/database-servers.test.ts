import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseServers } from './database-servers.ts';

let folder: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  folder = temporaryDirectory('database-servers');
});
afterEach(() => {
  folder.remove();
});

test.each([
  [['bash', 'sqlservr', 'sqlservr'], ['mssql']],
  [
    ['mariadbd', 'postgres'],
    ['mysql', 'postgresql'],
  ],
  [['mysqld', 'postgres_export', 'not-mysqld'], ['mysql']],
  [['systemd'], []],
])('processes %j: %j', (names, expected) => {
  names.forEach((name, i) => {
    mkdirSync(join(folder.path, String(i + 1)));
    writeFileSync(join(folder.path, String(i + 1), 'comm'), `${name}\n`);
  });
  mkdirSync(join(folder.path, '999'));
  mkdirSync(join(folder.path, 'sys'));
  expect(databaseServers(folder.path)).toEqual(expected);
});

test('a real process of that name is found', async () => {
  const program = join(folder.path, 'sqlservr');
  copyFileSync('/bin/sleep', program);
  const process = spawn(program, ['600'], { stdio: 'ignore' });
  try {
    await once(process, 'spawn');
    expect(databaseServers()).toContain('mssql');
  } finally {
    process.kill('SIGKILL');
    await once(process, 'exit');
  }
});
