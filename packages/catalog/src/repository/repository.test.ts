/** The gallery's side: who may publish what, what is signed when, and that every moment leaves a catalog that clients accept. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchFromFolder } from '../client/catalog-fetch.ts';
import { openCatalog } from '../client/open-catalog.ts';
import { day, extension, makeStage, target, version, type Stage } from '../testing/stage.ts';
import { contentOf, currentFile, parse, publishAs, type Content } from '../testing/thief.ts';
import { createRepository } from './create-repository.ts';
import { openRepository } from './open-repository.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
});
afterEach(() => stage.remove());

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}

async function published(memory: string): Promise<string[]> {
  const client = stage.client(memory);
  await client.refresh();
  return (await client.list()).map(({ path }) => path).sort();
}

describe('keys', () => {
  test('S1.6 keys are files 0600 in a directory 0700, each role has its own', () => {
    const { keysDirectory } = stage.options;
    expect(statSync(keysDirectory).mode & 0o777).toBe(0o700);
    const keys = readdirSync(keysDirectory).filter((file) => file.endsWith('.pem'));
    expect(keys.map((file) => file.slice(0, -21)).sort()).toEqual([
      'publisher.contoso.tools',
      'root',
      'root',
      'root',
      'snapshot',
      'targets',
      'timestamp',
    ]);
    for (const file of [...keys, 'root.json']) expect(statSync(join(keysDirectory, file)).mode & 0o777).toBe(0o600);
    for (const file of readdirSync(stage.options.directory)) {
      expect(stage.read(file).includes('PRIVATE')).toBe(false);
      expect(statSync(join(stage.options.directory, file)).mode & 0o777).toBe(0o644);
    }
  });

  test('keys that others can read sign nothing more', async () => {
    const { keysDirectory } = stage.options;
    const key = join(keysDirectory, readdirSync(keysDirectory).find((file) => file.startsWith('publisher.')) ?? '');
    for (const [path, loose, right] of [
      [key, 0o640, 0o600],
      [key, 0o604, 0o600],
      [keysDirectory, 0o750, 0o700],
    ] as const) {
      chmodSync(path, loose);
      expect(await failure(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0')))).toBe('KeyExposed');
      chmodSync(path, right);
    }
    expect(await published('machine')).toEqual(['contoso.tools/hello/1.0.0.zip']);
    expect(await failure(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0')))).toBe('none');
  });

  test('without the key of a role, or with the wrong one under its name, nothing changes', async () => {
    const { keysDirectory } = stage.options;
    const away = join(stage.folder, 'away');
    const before = stage.read('timestamp.json');
    for (const role of ['publisher.contoso.tools', 'snapshot', 'timestamp']) {
      const file = readdirSync(keysDirectory).find((name) => name.startsWith(`${role}.`)) ?? '';
      const other = readdirSync(keysDirectory).find((name) => name.startsWith('targets.')) ?? '';
      renameSync(join(keysDirectory, file), away);
      expect(await failure(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0')))).toBe('KeyMissing');
      copyFileSync(join(keysDirectory, other), join(keysDirectory, file));
      expect(await failure(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0')))).toBe('KeyMissing');
      renameSync(away, join(keysDirectory, file));
    }
    expect(stage.read('timestamp.json').equals(before)).toBe(true);
  });

  test('T29 the root has three keys and needs two: one may be lost, one alone signs nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-root-'));
    try {
      const options = { directory: join(folder, 'm'), keysDirectory: join(folder, 'k'), now: stage.options.now };
      const repository = await createRepository(options);
      const { keys, roles } = parse(await repository.root()).signed as {
        keys: Content;
        roles: Record<string, Content>;
      };
      expect(Object.keys(keys)).toHaveLength(6);
      expect(roles['root']).toMatchObject({
        threshold: 2,
        keyids: [expect.anything(), expect.anything(), expect.anything()],
      });
      const rootKeys = readdirSync(options.keysDirectory).filter((file) => /^root\..*pem$/.test(file));
      rmSync(join(options.keysDirectory, rootKeys[0] ?? ''));
      stage.time += 200 * day;
      expect((await repository.refresh()).signed).toContain('root');
      rmSync(join(options.keysDirectory, rootKeys[1] ?? ''));
      stage.time += 300 * day;
      const { signed, warnings } = await repository.refresh();
      expect(signed).not.toContain('root');
      expect(warnings).toMatchObject([{ role: 'root', daysLeft: 65, level: 90 }]);
      expect(await failure(createRepository({ ...options, rootKeys: 1, rootThreshold: 2 }))).toBe('KeyThreshold');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('publishers and packages', () => {
  test('T27 a publisher is delegated its own names only, once, however it is spelled', async () => {
    expect(await failure(stage.repository.addPublisher('CONTOSO.Tools'))).toBe('PublisherExists');
    for (const bad of [
      '',
      'a/b',
      '..',
      '*',
      'Contoso Tools',
      ' Contoso',
      'Contoso.',
      'Cont\u00f6so',
      'x'.repeat(129),
    ]) {
      expect([bad, await failure(stage.repository.addPublisher(bad))]).toEqual([bad, 'PublisherMalformed']);
    }
    // Names that mean something to TUF or to JavaScript are names like any other here.
    for (const name of ['targets', 'root', 'constructor', 'toString', '1']) await stage.repository.addPublisher(name);
    await stage.repository.addTarget(target('constructor', 'toString', '1.0'));
    expect(await published('machine')).toEqual(['constructor/tostring/1.0.zip', 'contoso.tools/hello/1.0.0.zip']);
    const { roles } = contentOf(stage, 'targets')['delegations'] as { roles: Content[] };
    expect(roles[0]).toMatchObject({
      name: 'publisher.contoso.tools',
      paths: ['contoso.tools/*/*'],
      terminating: true,
      threshold: 1,
    });
    expect((await stage.repository.publishers()).map(({ name, packages }) => [name, packages])).toContainEqual([
      'Contoso.Tools',
      1,
    ]);
  });

  test('a published version never changes; the same again changes nothing', async () => {
    const before = stage.read('timestamp.json');
    expect(await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.0'))).toBe('present');
    for (const other of [
      target('Contoso.Tools', 'Hello', '1.0.0', 'b'),
      { ...target('Contoso.Tools', 'Hello', '1.0.0'), length: 6 },
      { ...target('Contoso.Tools', 'Hello', '1.0.0'), architecture: 'x64' as const },
      { ...target('Contoso.Tools', 'hello', '1.0.0'), operatingSystem: 'windows' as const },
    ]) {
      expect(await failure(stage.repository.addTarget(other))).toBe('VersionPublished');
      expect(await failure(stage.repository.requirePublishable(other))).toBe('VersionPublished');
    }
    expect(await failure(stage.repository.addTarget(target('Nobody', 'Hello', '1.0')))).toBe('PublisherMissing');
    expect(await failure(stage.repository.requirePublishable(target('Nobody', 'Hello', '1.0')))).toBe(
      'PublisherMissing',
    );
    expect(stage.read('timestamp.json').equals(before)).toBe(true);
  });

  test('what somebody changed in the files is never signed over', async () => {
    const genuine = stage.read(currentFile(stage, 'publisher.contoso.tools'));
    const smuggled = genuine.toString('utf8').replaceAll('a'.repeat(64), 'e'.repeat(64));
    for (const role of ['publisher.contoso.tools', 'targets', 'snapshot', 'timestamp']) {
      const restore = stage.save();
      const file = join(stage.options.directory, currentFile(stage, role));
      const bytes = role.startsWith('publisher')
        ? smuggled
        : stage.read(currentFile(stage, role)).toString('utf8').replace('1.0.31', '1.0.30');
      writeFileSync(file, bytes);
      expect([role, await failure(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0', 'b')))]).toEqual([
        role,
        'RepositoryDamaged',
      ]);
      expect([role, await failure(stage.repository.refresh())]).toEqual([role, 'RepositoryDamaged']);
      restore();
    }
    expect(await failure(stage.repository.refresh())).toBe('none');
  });

  test('a gallery is made once, and is missing until then', async () => {
    expect(await failure(createRepository(stage.options))).toBe('RepositoryExists');
    const nowhere = openRepository({
      ...stage.options,
      directory: join(stage.folder, 'x'),
      keysDirectory: join(stage.folder, 'y'),
    });
    for (const work of [
      () => nowhere.refresh(),
      () => nowhere.packages(),
      () => nowhere.addPublisher('A'),
      () => nowhere.root(),
    ]) {
      expect(await failure(work())).toBe('RepositoryMissing');
    }
    expect(existsSync(join(stage.folder, 'x')) || existsSync(join(stage.folder, 'y'))).toBe(false);
  });
});

describe('staying fresh', () => {
  const lives = { root: 365, targets: 365, 'publisher.contoso.tools': 365, snapshot: 30, timestamp: 14 };

  test('each role expires when the reference says, and clients notice nothing while refresh is run', async () => {
    for (const [role, days] of Object.entries(lives)) {
      const { expires } = role === 'root' ? parse(stage.firstRoot).signed : contentOf(stage, role);
      expect([role, new Date(String(expires)).getTime() - stage.time]).toEqual([role, days * day]);
    }
    for (let week = 0; week < 120; week += 1) {
      stage.time += 7 * day;
      await stage.repository.refresh();
      expect(await published('machine')).toHaveLength(1);
    }
    // Whoever was away all the while catches up.
    expect(await published('away')).toHaveLength(1);
  });

  test('a catalog that has expired altogether is signed anew', async () => {
    stage.time += 1000 * day;
    expect(await failure(published('machine'))).toContain('CatalogExpired');
    expect((await stage.repository.refresh()).signed.toSorted()).toEqual([
      'publisher.contoso.tools',
      'root',
      'snapshot',
      'targets',
      'timestamp',
    ]);
    expect(await published('machine')).toHaveLength(1);
  });

  test('T29 what cannot be signed here is warned of, in time', async () => {
    const { keysDirectory } = stage.options;
    for (const file of readdirSync(keysDirectory))
      if (/^(root|targets)\..*pem$/.test(file)) rmSync(join(keysDirectory, file));
    stage.time += 200 * day;
    expect((await stage.repository.refresh()).warnings).toEqual([]);
    stage.time += 100 * day;
    const { warnings } = await stage.repository.refresh();
    expect(warnings.map(({ role, daysLeft }) => [role, daysLeft])).toEqual([
      ['root', 65],
      ['targets', 65],
    ]);
  });

  test('T71 a gallery whose clock went back signs nothing earlier than before', async () => {
    stage.time += 10 * day;
    await stage.repository.refresh();
    stage.time -= 300 * day;
    await stage.repository.refresh();
    expect(contentOf(stage, 'timestamp')['issued']).toBe('2027-01-11T00:00:00Z');
  });
});

describe('one change at a time, whole or not at all', () => {
  const child = join(import.meta.dirname, '../testing/publish-child.ts');

  function publisherProcess(publisher: string, type: string, first: number, count: number): ChildProcess {
    const { directory, keysDirectory } = stage.options;
    const args = [child, directory, keysDirectory, String(stage.time), publisher, type, String(first), String(count)];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  test('publishers in several processes at once never lose a release', async () => {
    await stage.repository.addPublisher('Other.Corp');
    const processes = ['A', 'B', 'C', 'D', 'E'].map((type, i) =>
      publisherProcess(i % 2 === 0 ? 'Contoso.Tools' : 'Other.Corp', type, 0, 6),
    );
    const codes = await Promise.all(processes.map(async (one) => (await once(one, 'exit'))[0] as unknown));
    expect(codes).toEqual([0, 0, 0, 0, 0]);
    expect(await published('machine')).toHaveLength(31);
  });

  test('one who waits too long gives up and says so; the lock ends with its holder', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const holder = new DatabaseSync(join(stage.options.keysDirectory, 'lock'));
    holder.exec('BEGIN IMMEDIATE');
    const hurried = openRepository({ ...stage.options, patience: 40 });
    expect(await failure(hurried.addPublisher('Late'))).toBe('RepositoryBusy');
    expect(await failure(hurried.requirePublishable(target('Contoso.Tools', 'Hello', '3.0')))).toBe('none');
    holder.close();
    expect(await failure(hurried.addPublisher('Late'))).toBe('none');
  });

  test('T84 a publisher killed at any moment leaves the old catalog or the new one, and the next goes on', async () => {
    const client = stage.client('machine');
    const said = new Set<string>();
    let next = 0;
    for (let i = 0; i < 15; i += 1) {
      const publisher = publisherProcess('Contoso.Tools', 'Killed', next, 1000);
      const { stdout } = publisher;
      if (stdout === null) throw new Error('a pipe was asked for');
      const output = text(stdout);
      await once(stdout, 'data');
      // Every third one gets as far as to announce a version, however busy the machine is.
      if (i % 3 === 0) await once(stdout, 'data');
      await delay((i * 7) % 40);
      publisher.kill('SIGKILL');
      const lines = (await output).split('\n').filter((line) => line.startsWith('1.'));
      for (const line of lines) said.add(line);
      await client.refresh();
      const there = (await client.list())
        .filter(({ target: { type } }) => type === 'Killed')
        .map(({ target }) => target.version);
      // What was announced is there; at most the one that was being announced is there too.
      expect([...said].filter((one) => !there.includes(one))).toEqual([]);
      expect(there.length - said.size).toBeLessThanOrEqual(1);
      for (const one of there) said.add(one);
      next = said.size;
    }
    await stage.repository.addTarget(target('Contoso.Tools', 'Killed', '2.0'));
    await client.refresh();
    expect(await client.find(extension('Contoso.Tools', 'Killed'), version('2.0'))).toBeDefined();
    expect(said.size).toBeGreaterThan(0);
    expect(readdirSync(stage.options.directory).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  test.each([
    ['adding a publisher', () => stage.repository.addPublisher('Other.Corp')],
    ['adding a package', () => stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0', 'b'))],
    [
      'signing everything anew',
      () => {
        stage.time += 200 * day;
        return stage.repository.refresh();
      },
    ],
  ])(
    'T84 after each single file of %s, in the order they were written, clients accept the catalog',
    async (_, change) => {
      const { directory } = stage.options;
      const steps = join(stage.folder, 'steps');
      stage.time += 10 * day;
      cpSync(directory, steps, { recursive: true });
      const before = new Set(readdirSync(directory));
      const oldTimestamp = stage.read('timestamp.json');
      await change();
      const written = readdirSync(directory)
        .filter((file) => !before.has(file) || (file === 'timestamp.json' && !stage.read(file).equals(oldTimestamp)))
        .map((file) => ({ file, at: statSync(join(directory, file), { bigint: true }).mtimeNs }))
        .sort((a, b) => Number(a.at - b.at))
        .map(({ file }) => file);
      expect(written.at(-1)).toBe('timestamp.json');
      const order = written.map((file) => /root|targets|publisher|snapshot|timestamp/.exec(file)?.[0] ?? '');
      expect(order.indexOf('snapshot')).toBe(order.length - 2);
      // At the beginning of each life only: at half-time the timestamp and snapshot before the change are past theirs.
      const now = (): Date =>
        new Date(written.some((file) => file.includes('root')) ? stage.time - 200 * day : stage.time);
      for (const file of written) {
        copyFileSync(join(directory, file), join(steps, file));
        const memory = { directory: stage.clientDirectory('steps'), pinnedRoot: stage.firstRoot, now };
        const client = openCatalog({ ...memory, fetch: fetchFromFolder(steps) });
        expect([file, await failure(client.refresh())]).toEqual([file, 'none']);
        expect((await client.list()).length).toBeGreaterThan(0);
      }
    },
  );

  test('T84 a versioned file never changes, even one that a dead process left and nobody names', async () => {
    const left = ['3.publisher.contoso.tools.json', '4.snapshot.json', '5.snapshot.json', '3.targets.json'];
    for (const file of left) writeFileSync(join(stage.options.directory, file), 'left by a dead process');
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0', 'b'));
    await stage.repository.addPublisher('Other.Corp');
    for (const file of left) expect(stage.read(file).toString()).toBe('left by a dead process');
    expect(await published('machine')).toEqual(['contoso.tools/hello/1.0.0.zip', 'contoso.tools/hello/2.0.zip']);
  });

  test('a gallery whose making was interrupted is made by trying again, with the keys it had', async () => {
    const options = {
      directory: join(stage.folder, 'm'),
      keysDirectory: join(stage.folder, 'k'),
      now: stage.options.now,
    };
    const repository = await createRepository(options);
    const root = await repository.root();
    rmSync(join(options.directory, 'timestamp.json'));
    rmSync(join(options.directory, '1.snapshot.json'));
    expect(await failure(repository.refresh())).toBe('RepositoryMissing');
    const again = await createRepository(options);
    expect(Buffer.from(await again.root()).equals(root)).toBe(true);
    await again.addPublisher('Contoso.Tools');
  });

  test('a publisher that a thief has filled with nonsense does not keep the others from publishing', async () => {
    await stage.repository.addPublisher('Evil.Corp');
    await publishAs(stage, ['publisher.evil.corp'], (content, role) =>
      role === 'publisher.evil.corp'
        ? { ...content, targets: { 'evil.corp/x/1.zip': { length: 1, hashes: {} } } }
        : content,
    );
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0', 'b'));
    expect(await published('machine')).toHaveLength(2);
  });
});
