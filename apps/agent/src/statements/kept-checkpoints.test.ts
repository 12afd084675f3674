/** What a machine keeps of the control plane's activity log, and what it makes of a control plane that contradicts itself (T15, T67). */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseValue } from '@sallyport/model';
import { checkpointKeySchema, type CheckpointKey } from '@sallyport/model/wire';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { thinned } from './judge-checkpoint.ts';
import { checkpointFiles, describeKept, keepCheckpoint, newestKept } from './kept-checkpoints.ts';

const directories: Disposable[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) directory[Symbol.dispose]();
});

interface LogKey {
  readonly privateKey: KeyObject;
  readonly shown: CheckpointKey;
}

function logKey(): LogKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, shown: parseValue(checkpointKeySchema, publicKey.export({ format: 'jwk' }), 'The key') };
}

const own = logKey();
const other = logKey();
const hash = (digit: string): string => digit.repeat(64);

interface Written {
  readonly key?: LogKey;
  readonly typ?: string;
  readonly alg?: string;
  readonly hash?: string;
}

function checkpoint(position: number, digit: string, written: Written = {}): string {
  const { key = own, typ = 'sallyport-activity-checkpoint', alg = 'ES256' } = written;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg, typ })}.${part({ position, hash: written.hash ?? hash(digit), time: 'now' })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function machine(): { readonly root: string; readonly keep: (line: string, key?: LogKey) => string } {
  const directory = temporaryDirectory('kept');
  directories.push(directory);
  mkdirSync(join(directory.path, 'var/opt/azcmagent'), { recursive: true });
  let now = Date.parse('2026-11-28T04:00:00.000Z');
  return {
    root: directory.path,
    keep: (line, key = own) => {
      const judged = keepCheckpoint(directory.path, line, key.shown, (now += 1000));
      return judged.outcome === 'contradicts' ? judged.message : judged.outcome;
    },
  };
}

const evidence = (root: string): readonly string[] =>
  readdirSync(join(root, 'var/opt/azcmagent')).filter((name) => name.startsWith('activity-log.until-'));

test('T15 T67 a log that grows is kept line by line, and one that stands still is not kept twice', () => {
  const { root, keep } = machine();
  const lines = [checkpoint(3, 'a'), checkpoint(9, 'b')];
  expect([...lines.map((line) => keep(line)), keep(lines[1] ?? '')]).toEqual(['newer', 'newer', 'known']);
  expect(readFileSync(checkpointFiles(root).checkpoints, 'utf8')).toBe(`${lines.join('\n')}\n`);
  expect(newestKept(root)).toBe(lines[1]);
  expect(describeKept(root)).toEqual({ position: 9, contradicted: 0 });
  expect(evidence(root)).toEqual([]);
});

describe('T15 a control plane that contradicts what it showed before is found out, and both are kept', () => {
  test.each([
    ['an end cut off', checkpoint(5, 'c'), own, /events were removed, or a backup was restored/],
    ['the same end of another history', checkpoint(9, 'c'), own, /differ and both end at position 9/],
    ['a log signed with another key', checkpoint(12, 'c', { key: other }), other, /not signed as those before/],
    ['another key shown for the same log', checkpoint(12, 'c', { key: other }), own, /not signed as those before/],
    ['something else, signed', checkpoint(12, 'c', { typ: 'JWT' }), own, /it is not a checkpoint/],
    ['another algorithm', checkpoint(12, 'c', { alg: 'none' }), own, /it is not a checkpoint/],
    ['a part too many', `${checkpoint(12, 'c')}.a`, own, /it is not a checkpoint/],
    [
      'a hash with something behind it',
      checkpoint(12, 'c', { hash: `${hash('c')}0` }),
      own,
      /not signed as those before/,
    ],
    [
      'a hash with something before it',
      checkpoint(12, 'c', { hash: `0${hash('c')}` }),
      own,
      /not signed as those before/,
    ],
    ['nonsense', 'nonsense', own, /not signed as those before/],
  ] as const)('%s', (_, line, key, sentence) => {
    const { root, keep } = machine();
    const before = checkpoint(9, 'b');
    keep(before);
    expect(keep(line, key)).toMatch(sentence);
    const [folder = ''] = evidence(root);
    expect(folder).toBe('activity-log.until-20261128T040002.000Z');
    expect(readFileSync(join(root, 'var/opt/azcmagent', folder, 'checkpoints'), 'utf8')).toBe(`${before}\n`);
    expect(newestKept(root)).toBe(line);
    expect(existsSync(checkpointFiles(root).key)).toBe(true);
  });

  test('and says so wherever it is looked for', () => {
    const { root, keep } = machine();
    keep(checkpoint(9, 'b'));
    keep(checkpoint(9, 'c'));
    expect(describeKept(root)).toEqual({ position: 9, contradicted: 1 });
  });
});

test('a file that cannot be read is shown as nothing, and stops nobody', () => {
  const { root, keep } = machine();
  keep(checkpoint(9, 'b'));
  writeFileSync(checkpointFiles(root).checkpoints, 'nonsense\n');
  expect(describeKept(root)).toBeUndefined();
});

test('T67 lines that cannot be read are not taken for none: nothing is kept instead of them', () => {
  const { root, keep } = machine();
  mkdirSync(checkpointFiles(root).checkpoints, { recursive: true });
  expect(() => keep(checkpoint(9, 'b'))).toThrow('EISDIR');
  expect(existsSync(checkpointFiles(root).key)).toBe(false);
});

test('of very many the first, the newest, and every second of the older half stay', () => {
  let lines: readonly string[] = [];
  for (let day = 0; day < 5000; day += 1) lines = thinned([...lines, String(day)]);
  expect(lines.length).toBeLessThanOrEqual(500);
  expect(lines[0]).toBe('0');
  expect(lines.slice(-200)).toEqual(Array.from({ length: 200 }, (_, index) => String(4800 + index)));
  expect(lines.map(Number)).toEqual(lines.map(Number).toSorted((a, b) => a - b));
});

test('as many as are kept stay; with one more, every second of those before the middle goes', () => {
  const lines = Array.from({ length: 501 }, (_, index) => String(index));
  expect(thinned(lines.slice(0, 500))).toEqual(lines.slice(0, 500));
  const [older, newer] = [lines.slice(0, 251), lines.slice(251)];
  expect(thinned(lines)).toEqual([...older.filter((line) => Number(line) % 2 === 0), ...newer]);
  const even = [...lines, '501'];
  expect(thinned(even)).toEqual([...even.slice(0, 251).filter((line) => Number(line) % 2 === 0), ...even.slice(251)]);
});
