/** The conformance suite's modules on keys: thresholds, key types, rotations of root and of the others. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeBench, type Bench } from './testing/bench.ts';
import { simulatedKey, type KeyKind } from './testing/simulated-key.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(async () => bench.remove());

const keys = Array.from({ length: 10 }, () => simulatedKey());
const keysAt = (indices: readonly number[]) => keys.filter((_, i) => indices.includes(i));

/** Which keys may sign, how many must, and which do. */
interface Signing {
  readonly may: readonly number[];
  readonly threshold: number;
  readonly do: readonly number[];
}
const signing = (may: readonly number[], threshold: number, signed: readonly number[]): Signing => ({
  may,
  threshold,
  do: signed,
});

function sign(role: string, { may, threshold, do: signed }: Signing): void {
  const { repository } = bench;
  const rule = repository.rule(role);
  rule.keyids = [];
  rule.threshold = threshold;
  for (const key of keysAt(may)) repository.addKey(role, key, false);
  repository.signers.set(role, keysAt(signed));
}

describe('T29 rotations of root', () => {
  test.each<readonly [string, readonly Signing[], boolean]>([
    ['1 of 1', [signing([1], 1, [1]), signing([2], 1, [2, 1]), signing([2], 1, [2])], true],
    [
      '1 of 1, unused signatures',
      [signing([1], 1, [3, 1, 4]), signing([2], 1, [3, 2, 1, 4]), signing([2], 1, [3, 2, 4])],
      true,
    ],
    ['3 of 5, other three', [signing([0, 1, 2, 3, 4], 3, [0, 2, 4]), signing([0, 1, 2, 3, 4], 3, [0, 4, 1])], true],
    ['3 of 5, one replaced', [signing([0, 1, 2, 3, 4], 3, [0, 2, 4]), signing([0, 1, 3, 4, 5], 3, [0, 4, 1])], true],
    [
      '3 of 5, one replaced in two steps',
      [
        signing([0, 1, 2, 3, 4], 3, [0, 2, 4]),
        signing([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]),
        signing([0, 1, 3, 4, 5], 3, [0, 4, 5]),
      ],
      true,
    ],
    [
      '3 of 5, all replaced',
      [
        signing([0, 1, 2, 3, 4], 3, [0, 2, 4]),
        signing([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
        signing([5, 6, 7, 8, 9], 3, [5, 6, 7]),
      ],
      true,
    ],
    ['1 of 3 to 2 of 3', [signing([1, 2, 3], 1, [1]), signing([1, 2, 3], 2, [1, 2])], true],
    [
      '2 of 3 to 1 of 3',
      [signing([1, 2, 3], 2, [1, 2]), signing([1, 2, 3], 1, [1, 2]), signing([1, 2, 3], 1, [1])],
      true,
    ],
    ['1 of 1 to 2 of 2', [signing([1], 1, [1]), signing([1, 2], 2, [1, 2])], true],
    ['not by the old key', [signing([1], 1, [1]), signing([2], 1, [2, 3, 4])], false],
    ['not by the new key', [signing([1], 1, [1]), signing([2], 1, [1, 3, 4])], false],
    ['not by three new keys', [signing([0, 1, 2, 3, 4], 3, [0, 2, 4]), signing([0, 1, 3, 4, 5], 3, [0, 2, 4])], false],
    ['not by three old keys', [signing([0, 1, 2, 3, 4], 3, [0, 2, 4]), signing([0, 1, 3, 4, 5], 3, [0, 4, 5])], false],
    ['not by the new threshold', [signing([1, 2, 3], 1, [1]), signing([1, 2, 3], 2, [2])], false],
    ['not by the old threshold', [signing([1, 2, 3], 2, [1, 2]), signing([1, 2, 3], 1, [1])], false],
  ])('%s', async (_, versions, holds) => {
    const { repository } = bench;
    repository.published.delete('root');
    repository.root.version = 0;
    for (const version of versions) {
      sign('root', version);
      repository.publish('root');
    }
    await bench.init();
    expect(await bench.refresh()).toBe(holds ? 0 : 1);
    // What held is kept, up to the last good link.
    const last = versions.length - (holds ? 0 : 1);
    expect(bench.trusted('root').equals(repository.file('root', last) ?? Buffer.alloc(0))).toBe(true);
  });

  test('a hundred rotations are followed in one refresh', async () => {
    await bench.init();
    for (let i = 0; i < 100; i += 1) {
      const [old] = bench.repository.signers.get('root') ?? [];
      bench.repository.rotateKeys('root');
      if (old !== undefined) bench.repository.signers.get('root')?.push(old);
      bench.repository.publish('root');
      bench.repository.signers.get('root')?.pop();
    }
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('root')).toBe(101);
  });
});

describe.each(['timestamp', 'snapshot', 'targets'])('T28 the keys of %s', (role) => {
  test.each<readonly [string, Signing, boolean]>([
    ['replaced', signing([2], 1, [2]), true],
    ['unused signatures', signing([1], 1, [3, 1, 4]), true],
    ['not by the new key', signing([2], 1, [1, 3, 4]), false],
    ['3 of 5, one of them foreign', signing([0, 1, 3, 4, 5], 3, [0, 2, 4]), false],
    ['3 of 5, one missing', signing([0, 1, 3, 4, 5], 3, [0, 4]), false],
    ['3 of 5, first combination', signing([0, 1, 2, 3, 4], 3, [0, 2, 4]), true],
    ['3 of 5, second', signing([0, 1, 2, 3, 4], 3, [0, 4, 1]), true],
    ['3 of 5, third', signing([0, 1, 2, 3, 4], 3, [2, 3, 4]), true],
  ])('%s', async (_, how, holds) => {
    const { repository } = bench;
    await bench.init();
    sign(role, how);
    repository.publish('root', 'targets', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(holds ? 0 : 1);
    expect(bench.version(role)).toBe(holds ? 2 : undefined);
  });
});

describe('T30 key types and thresholds', () => {
  test.each<KeyKind>(['ed25519', 'ecdsa', 'rsa'])('%s keys sign every role', async (kind) => {
    const { repository } = bench;
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      repository.rule(role).keyids = [];
      repository.signers.set(role, []);
      repository.addKey(role, simulatedKey(kind));
    }
    repository.publish('root', 'targets', 'snapshot', 'timestamp');
    await bench.init();
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('targets')).toBe(2);
  });

  test.each([
    { scheme: 'none' },
    { keytype: 'none' },
    { keytype: 'rsa' },
    { keytype: 'ecdsa' },
    { scheme: 'rsassa-pss-sha256', keytype: 'rsa' },
  ])('a key that claims %o verifies nothing', async (claim) => {
    const { repository } = bench;
    await bench.init();
    repository.rotateKeys('snapshot');
    const [keyid = ''] = repository.rule('snapshot').keyids;
    Object.assign(repository.root.keys[keyid] ?? {}, claim);
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('snapshot')).toBeUndefined();
  });

  test('a threshold above the signatures, until there are enough', async () => {
    const { repository } = bench;
    await bench.init();
    await bench.refresh();
    repository.rule('snapshot').threshold = 3;
    repository.addKey('snapshot');
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect([bench.version('root'), bench.version('snapshot')]).toEqual([2, 1]);
    repository.addKey('snapshot');
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('snapshot')).toBe(3);
    // Keys that root names and that did not sign count for nothing.
    repository.rule('snapshot').threshold = 4;
    repository.addKey('snapshot', simulatedKey(), false);
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect([bench.version('root'), bench.version('snapshot')]).toEqual([4, 3]);
  });

  test('one key under many names counts once', async () => {
    const { repository } = bench;
    await bench.init();
    await bench.refresh();
    const key = simulatedKey();
    const names = Array.from({ length: 9 }, (_, i) => `${key.keyid.slice(0, -1)}${i}`);
    for (const keyid of names) repository.addKey('snapshot', { ...key, keyid });
    repository.rule('snapshot').threshold = 6;
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('snapshot')).toBe(1);
  });

  test('one signature written twice counts once, and a name written twice too', async () => {
    const { repository } = bench;
    await bench.init();
    await bench.refresh();
    repository.rule('snapshot').threshold = 2;
    const [key] = repository.signers.get('snapshot') ?? [];
    if (key !== undefined) repository.signers.set('snapshot', [key, key]);
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    repository.rule('snapshot').keyids.push(key?.keyid ?? '');
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('snapshot')).toBe(1);
  });

  test('fields of a key that are not the specification do not matter', async () => {
    const { repository } = bench;
    await bench.init();
    for (const key of Object.values(repository.root.keys)) key['keyid_hash_algorithms'] = ['md5'];
    repository.publish('root', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('snapshot')).toBe(2);
  });
});
