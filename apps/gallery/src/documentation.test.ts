/** The reference names every command, code and exit code, in the words of the tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryCodes } from '@sallyport/catalog';
import { expect, test } from 'vitest';
import { exitCodes, galleryCodes } from './gallery-error.ts';

const reference = readFileSync(join(import.meta.dirname, '../../../docs/reference/gallery.md'), 'utf8');

test('every code is documented with its meaning', () => {
  const rows = [
    ...Object.entries({ ...repositoryCodes, ...galleryCodes }).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    ...Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`),
  ];
  expect(rows.filter((row) => !reference.includes(row))).toEqual([]);
});

test('every command is documented', () => {
  const commands = [
    'init',
    'publisher add',
    'publisher list',
    'key list',
    'key add',
    'key rotate',
    'key revoke',
    'publish',
    'import',
    'promote',
    'yank',
    'scan-policy',
    'storage show',
    'storage set',
    'storage move',
    'list',
    'fetch',
    'refresh',
    'mirror',
    'bundle export',
    'bundle import',
    'collect-garbage',
  ];
  expect(commands.filter((command) => !reference.includes(`| \`${command}`))).toEqual([]);
});
