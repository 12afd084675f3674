/** The modules of the public conformance suite, replayed: basic, rollback, expiration, downloads, quoting. */
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeBench, type Bench } from './testing/bench.ts';
import { expiresIn } from './testing/repository-simulator.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(async () => bench.remove());

/** A client that has begun, and refreshed once. */
async function refreshed(): Promise<void> {
  expect(await bench.init()).toBe(0);
  expect(await bench.refresh()).toBe(0);
  bench.repository.requests.length = 0;
}

describe('basic', () => {
  test('init and refresh ask in the order of the specification', async () => {
    expect(await bench.init()).toBe(0);
    expect(bench.repository.requests).toEqual([]);
    expect(await bench.refresh()).toBe(0);
    expect(bench.repository.requests).toEqual(['root 2', 'timestamp', 'snapshot 1', 'targets 1']);
    for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
      expect(bench.trusted(role).equals(bench.repository.file(role) ?? Buffer.alloc(0))).toBe(true);
    }
    bench.repository.requests.length = 0;
    expect(await bench.refresh()).toBe(0);
    expect(bench.repository.requests).toEqual(['root 2', 'timestamp']);
  });

  test('a download refreshes by itself, also when there is no such target', async () => {
    await bench.init();
    expect(await bench.download('nothing of that name')).toBe(1);
    expect(bench.repository.requests).toEqual(['root 2', 'timestamp', 'snapshot 1', 'targets 1']);
    expect(bench.trustedRoles()).toHaveLength(4);
  });

  test.each(['without version', 'with a foreign signature', 'no JSON'])(
    'T76 an initial root %s: nothing is asked for',
    async (how) => {
      const file = JSON.parse(bench.repository.file('root')?.toString('utf8') ?? '') as {
        signed: Record<string, unknown>;
        signatures: { sig: string }[];
      };
      if (how === 'without version') delete file.signed['version'];
      else for (const signature of file.signatures) signature.sig = 'ab'.repeat(64);
      await bench.init(Buffer.from(how === 'no JSON' ? '{' : JSON.stringify(file)));
      expect(await bench.refresh()).toBe(1);
      expect(bench.repository.requests).toEqual([]);
    },
  );

  test('fields that the specification does not name are signed with the rest', async () => {
    await refreshed();
    const { repository } = bench;
    repository.root['custom'] = 'value';
    Object.assign(repository.rule('root'), { custom: { a: [1] } });
    for (const key of Object.values(repository.root.keys)) key['extra'] = true;
    repository.publish('root');
    repository.timestamp['custom'] = { b: 1 };
    repository.publish('timestamp');
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('root')).toBe(2);
    expect(bench.version('timestamp')).toBe(2);
  });

  test('the same timestamp version with other content is not kept', async () => {
    await refreshed();
    bench.repository.timestamp.meta['snapshot.json'] = { version: 100 };
    bench.repository.publishAsIs('timestamp');
    const before = bench.trusted('timestamp');
    await bench.refresh();
    expect(bench.trusted('timestamp').equals(before)).toBe(true);
  });

  test('T20 targets that do not have the hash, or the version, that the snapshot names', async () => {
    bench.repository.hashes = true;
    bench.repository.publish('targets', 'snapshot', 'timestamp');
    await refreshed();
    const { repository } = bench;
    repository.publish('targets', 'snapshot', 'timestamp');
    repository.mangle.set('targets', (bytes) => Buffer.concat([bytes, Buffer.from(' ')]));
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('targets')).toBe(2);
    repository.mangle.clear();
    repository.hashes = false;
    repository.publish('targets');
    repository.snapshot.meta['targets.json'] = { version: 9 };
    repository.publish('snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('targets')).toBe(2);
  });

  test('without consistent snapshots names have no version', async () => {
    const { repository } = bench;
    repository.root.consistent_snapshot = false;
    repository.publish('root');
    repository.addArtifact('targets', 'a/b', 'content');
    repository.publish('targets', 'snapshot', 'timestamp');
    await bench.init();
    expect(await bench.download('a/b')).toBe(0);
    expect(repository.requests).toEqual(['root 2', 'root 3', 'timestamp', 'snapshot', 'targets', 'targets/a/b']);
    expect(bench.downloads()).toEqual(['content']);
  });

  test('T23 metadata longer than it may be is not read to its end', async () => {
    await refreshed();
    bench.repository.publish('timestamp');
    bench.repository.mangle.set('timestamp', (bytes) => Buffer.concat([bytes, Buffer.alloc(20_000, ' ')]));
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('timestamp')).toBe(1);
  });

  test('the program itself: exit codes 0 and 1, and a sentence', async () => {
    const program = join(import.meta.dirname, '../../bin/tuf-client');
    const metadata = join(bench.folder, 'other');
    const root = join(bench.folder, 'root.json');
    writeFileSync(root, bench.repository.file('root') ?? '');
    const run = promisify(execFile);
    await run(program, ['--metadata-dir', metadata, 'init', root]);
    const done = await run(program, ['--metadata-dir', metadata, '--metadata-url', bench.url + '/metadata', 'refresh']);
    expect(done.stderr).toBe('The metadata is up to date: timestamp version 1.\n');
    const failed = run(program, ['--metadata-dir', metadata, '--metadata-url', bench.url + '/nowhere', 'refresh']);
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('CatalogUnavailable: ') });
    await expect(run(program, ['frobnicate'])).rejects.toMatchObject({ code: 1 });
  });
});

describe('rollback', () => {
  test('T21 an older timestamp', async () => {
    bench.repository.publish('timestamp');
    await refreshed();
    bench.repository.timestamp.version = 1;
    bench.repository.publishAsIs('timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('timestamp')).toBe(2);
    expect(bench.repository.requests.at(-1)).toBe('timestamp');
  });

  test.each([false, true])('T21 an older snapshot that a new timestamp names (hashes: %s)', async (hashes) => {
    const { repository } = bench;
    repository.hashes = hashes;
    repository.publish('snapshot', 'timestamp');
    await refreshed();
    repository.snapshot.version = 1;
    repository.publishAsIs('snapshot');
    repository.publish('timestamp');
    expect(await bench.refresh()).toBe(1);
    expect([bench.version('timestamp'), bench.version('snapshot')]).toEqual([2, 2]);
    expect(repository.requests.at(-1)).toBe('timestamp');
  });

  test('T22 a snapshot that is older than the timestamp says is not even asked for again', async () => {
    bench.repository.publish('snapshot', 'timestamp');
    await refreshed();
    bench.repository.snapshot.version = 1;
    bench.repository.publishAsIs('snapshot');
    expect(await bench.refresh()).toBe(0);
    expect(bench.version('snapshot')).toBe(2);
    expect(bench.repository.requests.at(-1)).toBe('timestamp');
  });

  test('T22 a snapshot in another version than its name', async () => {
    const { repository } = bench;
    await bench.init();
    repository.publish('snapshot', 'timestamp');
    repository.mangle.set('snapshot', () => repository.published.get('snapshot')?.[0] ?? Buffer.alloc(0));
    expect(await bench.refresh()).toBe(1);
    expect(bench.trustedRoles()).toEqual(['root.json', 'timestamp.json']);
  });

  test.each([false, true])('T21 older targets that a new snapshot names (hashes: %s)', async (hashes) => {
    const { repository } = bench;
    repository.hashes = hashes;
    repository.publish('targets', 'targets', 'snapshot', 'timestamp');
    await refreshed();
    repository.targets().version = 1;
    repository.publishAsIs('targets');
    repository.publish('snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect([bench.version('snapshot'), bench.version('targets')]).toEqual([2, 3]);
  });

  test('T21 a role that vanished from the snapshot', async () => {
    const { repository } = bench;
    repository.delegate('targets', 'extra');
    repository.publish('extra', 'targets', 'snapshot', 'timestamp');
    await refreshed();
    delete repository.snapshot.meta['extra.json'];
    repository.publish('snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version('snapshot')).toBe(2);
  });

  test.each([
    ['timestamp', ['timestamp']],
    ['snapshot', ['snapshot', 'timestamp']],
    ['targets', ['snapshot']],
  ] as const)('T29 recovering from a fast-forward of %s by replacing the keys of %s', async (role, rotated) => {
    const { repository } = bench;
    const signed = role === 'targets' ? repository.targets() : repository[role];
    signed.version = 99_998;
    repository.publish('targets', 'snapshot', 'timestamp');
    await refreshed();
    const high = bench.version(role);
    expect(high).toBeGreaterThanOrEqual(99_999);
    for (const name of rotated) repository.rotateKeys(name);
    repository.publish('root');
    signed.version = 1;
    const others = ['targets', 'snapshot', 'timestamp'].filter((name) => name !== role);
    if (role === 'targets') repository.publishAsIs('targets');
    if (role === 'snapshot') repository.publishAsIs('snapshot');
    repository.publish(...others.filter((name) => name !== 'targets'));
    if (role === 'timestamp') repository.publishAsIs('timestamp');
    expect(await bench.refresh()).toBe(0);
    expect(bench.version(role)).toBe(1);
  });
});

describe('expiration', () => {
  test('T72 an expired root is kept, and nothing is asked for after it', async () => {
    await refreshed();
    bench.repository.root.expires = expiresIn(-1);
    bench.repository.publish('root', 'targets', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect([bench.version('root'), bench.version('timestamp')]).toEqual([2, 1]);
    // A newer one that is not expired ends it: the expired link in between does no harm.
    bench.repository.root.expires = expiresIn(30);
    bench.repository.publish('root');
    expect(await bench.refresh()).toBe(0);
    expect([bench.version('root'), bench.version('timestamp')]).toEqual([3, 2]);
  });

  test.each(['timestamp', 'snapshot', 'targets'])('T14 an expired %s is not taken', async (role) => {
    await refreshed();
    const { repository } = bench;
    const signed = role === 'timestamp' || role === 'snapshot' ? repository[role] : repository.targets();
    signed.expires = expiresIn(-5);
    repository.publish('targets', 'snapshot', 'timestamp');
    expect(await bench.refresh()).toBe(1);
    expect(bench.version(role)).toBe(1);
  });

  test('expired local metadata still serves to update from', async () => {
    const { repository } = bench;
    repository.timestamp.expires = expiresIn(7);
    repository.publish('timestamp');
    await refreshed();
    repository.timestamp.expires = expiresIn(21);
    repository.publish('targets', 'snapshot', 'timestamp');
    bench.days = 18;
    expect(await bench.refresh()).toBe(0);
    expect([bench.version('targets'), bench.version('snapshot'), bench.version('timestamp')]).toEqual([2, 2, 3]);
  });

  test('T14 an expired delegated role is not taken, and its target is not found', async () => {
    const { repository } = bench;
    repository.delegate('targets', 'part');
    repository.addArtifact('part', 'thing', 'content');
    repository.targets('part').expires = expiresIn(2);
    repository.publish('part', 'targets', 'snapshot', 'timestamp');
    await bench.init();
    expect(await bench.download('thing')).toBe(0);
    bench.days = 3;
    expect(await bench.download('thing')).toBe(1);
    repository.targets('part').expires = expiresIn(9);
    repository.publish('part', 'snapshot', 'timestamp');
    expect(await bench.download('thing')).toBe(0);
  });
});

describe('downloads', () => {
  test('S1.6 the target, also in a folder, and not twice', async () => {
    const { repository } = bench;
    repository.addArtifact('targets', 'hello.txt', 'hello');
    repository.addArtifact('targets', 'path/to/a/hello.txt', 'deeper');
    repository.publish('targets', 'snapshot', 'timestamp');
    await refreshed();
    expect(bench.downloads()).toEqual([]);
    expect(await bench.download('hello.txt')).toBe(0);
    expect(await bench.download('path/to/a/hello.txt')).toBe(0);
    expect(await bench.download('hello.txt')).toBe(0);
    expect(bench.downloads()).toEqual(['hello', 'deeper']);
    expect(repository.requests.filter((request) => request.startsWith('targets/'))).toHaveLength(2);
  });

  test('T20 substituted targets are never stored, in the place of a good one either', async () => {
    const { repository } = bench;
    repository.addArtifact('targets', 'one', 'first one');
    repository.addArtifact('targets', 'two', 'the other');
    repository.publish('targets', 'snapshot', 'timestamp');
    await bench.init();
    expect(await bench.download('one')).toBe(0);
    for (const malice of ['malicious', 'malicious and longer', 'less', '']) {
      repository.artifacts.set('one', Buffer.from(malice)).set('two', Buffer.from(malice));
      await bench.download('one');
      expect(await bench.download('two')).toBe(1);
      expect(bench.downloads()).toEqual(['first one']);
    }
  });

  test('a target that changes again and again is replaced under its name', async () => {
    const { repository } = bench;
    await bench.init();
    for (let i = 0; i < 6; i += 1) {
      repository.addArtifact('targets', 'same', `content ${i}`);
      repository.publish('targets', 'snapshot', 'timestamp');
      if (i % 2 === 1) continue;
      expect(await bench.download('same')).toBe(0);
      repository.artifacts.set('same', Buffer.from(`malice ${i}`));
      await bench.download('same');
      expect(bench.downloads()).toEqual([`content ${i}`]);
    }
  });
});

describe('quoting', () => {
  test.each(['?', '#', '/role', '../role', 'a b', '%2e', '1.2.json', 'Größe'])(
    'T32 a role named %s is one request and one file',
    async (role) => {
      const { repository } = bench;
      repository.delegate('targets', role);
      repository.publish(role, 'targets', 'snapshot', 'timestamp');
      await bench.init();
      expect(await bench.download('nothing of that name')).toBe(1);
      expect(repository.requests.at(-1)).toBe(`${role} 1`);
      expect(bench.trustedRoles()).toHaveLength(5);
    },
  );

  test.each([
    ['a b?c#d', 0, ['content']],
    ['%2e%2e/x', 0, ['content']],
    // The URL of such a path is another one: nothing is there, and nothing leaves the folder.
    ['../up', 1, []],
    ['nested/../../x', 1, []],
  ])('T32 a target named %s stays in its folder', async (path, code, downloads) => {
    bench.repository.addArtifact('targets', path, 'content');
    bench.repository.publish('targets', 'snapshot', 'timestamp');
    await bench.init();
    const before = readdirSync(bench.folder);
    expect(await bench.download(path)).toBe(code);
    expect(bench.downloads()).toEqual(downloads);
    expect(readdirSync(bench.folder)).toEqual(before);
  });
});
