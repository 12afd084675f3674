/** What a machine remembers of the catalog, what it costs to keep up, and what it survives. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalize } from '@tufjs/canonical-json';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeKey } from '../repository/signing-key.ts';
import { day, extension, makeStage, target, version, type Stage } from '../testing/stage.ts';
import { contentOf, currentFile, parse, publishAs, signAs, type Content } from '../testing/thief.ts';
import { fetchFromFolder } from './catalog-fetch.ts';
import { openCatalog } from './open-catalog.ts';

const hello = extension('Contoso.Tools', 'Hello');

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

describe('what keeping up costs', () => {
  test('nothing new is one small request; a new signature two; a new package no more than it has to', async () => {
    const client = stage.client('machine');
    await client.refresh();
    await client.find(hello, version('1.0.0'));
    stage.requests.length = 0;
    const before = writtenAt('machine');
    await client.refresh();
    await stage.client('machine').refresh();
    expect(stage.requests).toEqual(['timestamp.json', 'timestamp.json']);
    expect(writtenAt('machine')).toEqual(before);
    expect(stage.read('timestamp.json').length).toBeLessThan(2048);
    expect((await client.list()).length).toBe(1);
    expect(stage.requests).toHaveLength(2);

    await stage.repository.refresh();
    stage.requests.length = 0;
    await client.refresh();
    expect(stage.requests).toEqual(['timestamp.json', '2.root.json']);

    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    stage.requests.length = 0;
    await client.refresh();
    await client.find(hello, version('1.0.1'));
    expect(stage.requests).toEqual([
      'timestamp.json',
      '2.root.json',
      currentFile(stage, 'snapshot'),
      currentFile(stage, 'publisher.contoso.tools'),
    ]);
  });

  test('finding a package loads its own publisher and no other', async () => {
    await stage.repository.addPublisher('Other.Corp');
    const client = stage.client('machine');
    await client.refresh();
    stage.requests.length = 0;
    await client.find(hello, version('1.0.0'));
    await client.find(extension('Nobody', 'Here'), version('1.0.0'));
    expect(stage.requests).toEqual([currentFile(stage, 'publisher.contoso.tools')]);
    expect(await client.list('Other.Corp')).toEqual([]);
    expect((await client.list('CONTOSO.tools')).map(({ target: { type } }) => type)).toEqual(['Hello']);
  });

  test('find and list refresh by themselves the first time, and overlapping calls wait for each other', async () => {
    const client = stage.client('machine');
    const [found, all] = await Promise.all([client.find(hello, version('1.0.0')), client.list(), client.refresh()]);
    expect(found).toEqual(all[0]);
    expect(await client.find(extension('contoso.TOOLS', 'hello'), version('1.0.0'))).toEqual(found);
    expect(await client.find(hello, version('1.0'))).toBeUndefined();
    await expect(client.refresh(AbortSignal.abort())).rejects.toThrow('aborted');
    await client.refresh();
  });
});

describe('the pinned root', () => {
  test('a root that did not sign itself, or is no root, is refused at once', () => {
    const open = (pinnedRoot: Uint8Array) => () =>
      openCatalog({ directory: stage.clientDirectory('x'), pinnedRoot, fetch: stage.fetch, now: stage.options.now });
    const changed = Buffer.from(stage.firstRoot);
    changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
    for (const bytes of [changed, Buffer.alloc(0), stage.read('timestamp.json')]) {
      expect(open(bytes)).toThrow(expect.objectContaining({ code: 'CatalogSignatureInvalid' }));
    }
  });

  test('T29 a chain of roots is followed from the first one; a gap or an unauthorised successor ends it', async () => {
    for (let i = 0; i < 12; i += 1) {
      stage.time += 200 * day;
      await stage.repository.refresh();
    }
    expect(parse(await stage.repository.root()).signed['version']).toBe(13);
    const client = stage.client('machine');
    await client.refresh();
    expect(stage.requests.filter((file) => file.endsWith('.root.json'))).toHaveLength(13);
    stage.lies.set('5.root.json', stage.read('6.root.json'));
    expect(await failure(stage.client('gap').refresh())).toBe('CatalogRollback');
    stage.lies.set('5.root.json', await signAs(stage, { ...parse(stage.read('5.root.json')).signed }, 'targets'));
    expect(await failure(stage.client('foreign').refresh())).toBe('CatalogSignatureInvalid');
    // Whoever withholds the newest roots offers an expired one.
    stage.lies.set('5.root.json', 'missing');
    expect(await failure(stage.client('withheld').refresh())).toBe('CatalogExpired');
    expect(await failure(client.refresh())).toBe('none');
  });

  test('T29 an expired root is replaced even when the gallery died before it signed a new timestamp', async () => {
    const root: Content = { ...parse(stage.firstRoot).signed, version: 2, expires: '2027-01-02T00:00:00Z' };
    stage.lies.set('2.root.json', await signAs(stage, root, 'root'));
    const client = stage.client('machine');
    await client.refresh();
    stage.time += 2 * day;
    expect(await failure(client.refresh())).toBe('CatalogExpired');
    stage.lies.set(
      '3.root.json',
      await signAs(stage, { ...root, version: 3, expires: '2028-01-01T00:00:00Z' }, 'root'),
    );
    expect(await failure(client.refresh())).toBe('none');
  });

  test('T30 a root whose keys are of another kind, or not the ones their names say, is not followed', async () => {
    const root: Content = { ...parse(stage.firstRoot).signed, version: 2 };
    const keys = root['keys'] as Record<string, Content>;
    const [name = '', key = {}] = Object.entries(keys)[0] ?? [];
    const changes: readonly Content[] = [
      { ...keys, [name]: { ...key, scheme: 'rsassa-pss-sha256' } },
      { ...keys, [name]: { ...key, keytype: 'rsa' } },
      { ...keys, ['0'.repeat(64)]: key },
      { ...keys, [name]: { ...key, keyval: { public: '0'.repeat(64) } } },
    ];
    for (const [i, changed] of changes.entries()) {
      stage.lies.set('2.root.json', await signAs(stage, { ...root, keys: changed }, 'root'));
      expect(await failure(stage.client(`kind-${i}`).refresh())).toBe('CatalogSignatureInvalid');
    }
  });

  test('another gallery is not believed, whatever is remembered; a newer root of the same one is', async () => {
    // The machine has a root in its memory that is not the pinned one.
    stage.time += 200 * day;
    await stage.repository.refresh();
    await stage.client('machine').refresh();
    const other = await makeStage();
    for (other.time = stage.time - 200 * day; other.time <= stage.time; other.time += 200 * day)
      await other.repository.refresh();
    other.time = stage.time;
    await other.repository.refresh();
    try {
      const directory = stage.clientDirectory('machine');
      const foreign = { directory, fetch: other.fetch, now: stage.options.now };
      expect(await failure(openCatalog({ ...foreign, pinnedRoot: stage.firstRoot }).refresh())).toBe('CatalogForeign');
      // The owner pins the other gallery: from then on that one counts, and the memory of the first does not stand in its way.
      await openCatalog({ ...foreign, pinnedRoot: other.firstRoot }).refresh();
      stage.time += 200 * day;
      await stage.repository.refresh();
      const newer = { ...foreign, fetch: stage.fetch, pinnedRoot: await stage.repository.root() };
      await openCatalog(newer).refresh();
      expect((await openCatalog(newer).find(hello, version('1.0.0')))?.length).toBe(5);
    } finally {
      other.remove();
    }
  });
});

describe('a damaged memory', () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ['emptied', (path) => truncateSync(path, 0)],
    ['cut in half', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['removed', (path) => rmSync(path)],
    ['overwritten', (path) => writeFileSync(path, '{"signed":{},"signatures":[]}')],
  ];

  /** A machine that has seen version 3 of the catalog, and what it would be offered by a carrier of version 2. */
  async function seasoned(): Promise<ReturnType<Stage['freeze']>> {
    stage.time += 200 * day;
    await stage.repository.refresh();
    const once = stage.freeze();
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    const client = stage.client('machine');
    await client.refresh();
    await client.list();
    return once;
  }

  test.each(damages)(
    'T84 any one file %s: the next refresh repairs it, and nothing older is accepted',
    async (_, damage) => {
      const once = await seasoned();
      const directory = stage.clientDirectory('machine');
      const files = readdirSync(directory);
      expect(files.sort()).toEqual([
        'floors.json',
        'publisher.contoso.tools.json',
        'root.json',
        'snapshot.json',
        'targets.json',
        'timestamp.json',
      ]);
      for (const file of files) {
        damage(join(directory, file));
        expect([file, await failure(stage.client('machine', once).refresh())]).toEqual([file, 'CatalogRollback']);
        const client = stage.client('machine');
        await client.refresh();
        expect((await client.list()).length).toBe(2);
        expect(readdirSync(directory).sort()).toEqual(files.sort());
      }
    },
  );

  test('T21 all metadata lost, the floors alone hold', async () => {
    const once = await seasoned();
    const directory = stage.clientDirectory('machine');
    for (const file of readdirSync(directory)) if (file !== 'floors.json') rmSync(join(directory, file));
    expect(await failure(stage.client('machine', once).refresh())).toBe('CatalogRollback');
    await stage.client('machine').refresh();
    // The root has its floor too: a source that hides the second root is caught even when the machine has lost it.
    rmSync(join(directory, 'root.json'));
    rmSync(join(directory, 'timestamp.json'));
    stage.time -= 200 * day;
    const hidden = stage.client('machine', async (file, maxLength) =>
      file === '2.root.json' ? 'missing' : stage.fetch(file, maxLength),
    );
    expect(await failure(hidden.refresh())).toBe('CatalogRollback');
  });

  test('T21 a timestamp that differs only in its own version has a floor of its own', async () => {
    await stage.client('machine').refresh();
    const once = stage.freeze();
    await stage.repository.refresh();
    await stage.client('machine').refresh();
    rmSync(join(stage.clientDirectory('machine'), 'timestamp.json'));
    expect(await failure(stage.client('machine', once).refresh())).toBe('CatalogRollback');
  });

  test('T21 each floor holds by itself', async () => {
    const directory = stage.clientDirectory('machine');
    await stage.client('machine').refresh();
    const path = join(directory, 'floors.json');
    const floors = parseJson(readFileSync(path, 'utf8'));
    const bare: Content = { pinnedRoot: floors['pinnedRoot'], root: 1, roles: {} };
    const higher = (floor: unknown): Content => ({ ...(floor as Content), version: 99 });
    const raised: readonly Content[] = [
      { root: 99 },
      { timestamp: higher(floors['timestamp']) },
      { snapshot: higher(floors['snapshot']) },
      { snapshot: floors['snapshot'], roles: { 'targets.json': 99 } },
      { snapshot: floors['snapshot'], roles: { 'publisher.gone.json': 1 } },
    ];
    for (const floor of raised) {
      for (const file of readdirSync(directory)) rmSync(join(directory, file));
      writeFileSync(path, JSON.stringify({ ...bare, ...floor }));
      expect([floor, await failure(stage.client('machine').refresh())]).toEqual([floor, 'CatalogRollback']);
    }
    // Floors of keys that sign no more do not hold.
    const gone = { version: 99, keys: ['0'.repeat(64)] };
    writeFileSync(path, JSON.stringify({ ...bare, timestamp: gone, snapshot: gone, roles: { 'targets.json': 99 } }));
    expect(await failure(stage.client('machine').refresh())).toBe('none');
  });

  test('T21 what a process has verified itself stands no longer when another one has gone on in its directory', async () => {
    const once = stage.freeze();
    let carrier = once;
    const client = stage.client('machine', (...request) => carrier(...request));
    await client.refresh();
    await client.refresh();
    await stage.repository.refresh();
    await stage.client('machine').refresh();
    expect(await failure(client.refresh())).toBe('CatalogRollback');
    carrier = stage.fetch;
    expect(await failure(client.refresh())).toBe('none');
  });

  test('T21 the floors lost, the metadata alone holds', async () => {
    const once = await seasoned();
    rmSync(join(stage.clientDirectory('machine'), 'floors.json'));
    expect(await failure(stage.client('machine', once).refresh())).toBe('CatalogRollback');
  });

  test('T21 T84 a machine that died after it kept a snapshot, and before its floors, goes back behind neither', async () => {
    const floors = join(stage.clientDirectory('machine'), 'floors.json');
    await stage.client('machine').refresh();
    const before = readFileSync(floors);
    const old = contentOf(stage, 'snapshot')['meta'];
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    await stage.client('machine').refresh();
    writeFileSync(floors, before);
    // Signed by the snapshot's own key: with the roles as they were before.
    await publishAs(stage, ['snapshot', 'timestamp'], (content, role) =>
      role === 'snapshot' ? { ...content, meta: old } : content,
    );
    expect(await failure(stage.client('machine').refresh())).toBe('CatalogRollback');
  });

  test('TUF 5.3.11 what a replaced key had signed is forgotten: no thief can lock a machine out for good', async () => {
    await publishAs(stage, ['timestamp', 'snapshot'], (content) => ({
      ...content,
      version: 9_000_000,
      issued: '2999-01-01T00:00:00Z',
      expires: '2999-12-31T00:00:00Z',
    }));
    await stage.client('machine').refresh();
    const stolen = stage.read('timestamp.json');
    const { keysDirectory } = stage.options;
    mkdirSync(join(keysDirectory, 'stolen'));
    const signed = parse(stage.firstRoot).signed;
    const keys = { ...(signed['keys'] as Content) };
    const changed: Record<string, Content> = { ...(signed['roles'] as Record<string, Content>) };
    for (const role of ['timestamp', 'snapshot']) {
      for (const file of readdirSync(keysDirectory).filter((name) => name.startsWith(`${role}.`))) {
        copyFileSync(join(keysDirectory, file), join(keysDirectory, 'stolen', file));
        rmSync(join(keysDirectory, file));
      }
      const fresh = await makeKey(keysDirectory, role);
      keys[fresh.identifier] = fresh.publicKey;
      changed[role] = { keyids: [fresh.identifier], threshold: 1 };
    }
    writeFileSync(
      join(stage.options.directory, '2.root.json'),
      await signAs(stage, { ...signed, version: 2, keys, roles: changed }, 'root'),
    );
    const hash = (bytes: Uint8Array): Content => ({
      version: 9,
      length: bytes.length,
      hashes: { sha256: createHash('sha256').update(bytes).digest('hex') },
    });
    const snapshot = await signAs(
      stage,
      { ...contentOf(stage, 'snapshot'), version: 9, expires: '2027-02-01T00:00:00Z' },
      'snapshot',
    );
    const timestamp = {
      ...contentOf(stage, 'timestamp'),
      version: 9,
      issued: '2027-01-01T00:00:00Z',
      expires: '2027-01-14T00:00:00Z',
      meta: { 'snapshot.json': hash(snapshot) },
    };
    writeFileSync(join(stage.options.directory, '9.snapshot.json'), snapshot);
    writeFileSync(join(stage.options.directory, 'timestamp.json'), await signAs(stage, timestamp, 'timestamp'));
    const client = stage.client('machine');
    await client.refresh();
    expect((await client.find(hello, version('1.0.0')))?.length).toBe(5);
    // Whoever asked for the timestamp just before the rotation and for the root just after it asks again.
    let asked = 0;
    const racing = stage.client('racing', async (file, maxLength) => {
      if (file === 'timestamp.json') asked += 1;
      return file === 'timestamp.json' && asked === 1 ? stolen : stage.fetch(file, maxLength);
    });
    expect(await failure(racing.refresh())).toBe('none');
    // With nothing new to fetch and the floors lost, the way from the pinned root to the new key is still found.
    rmSync(join(stage.clientDirectory('machine'), 'floors.json'));
    expect(await failure(stage.client('machine').refresh())).toBe('none');
  });
});

/** When each file of a memory was written. */
function writtenAt(memory: string): (readonly [file: string, at: bigint])[] {
  const directory = stage.clientDirectory(memory);
  return readdirSync(directory).map((file) => [file, statSync(join(directory, file), { bigint: true }).mtimeNs]);
}

function parseJson(text: string): Content {
  return JSON.parse(text) as Content;
}

/** The files that a reader would stumble over. What is not finished yet has a name that nobody reads. */
function halfWritten(directory: string): string[] {
  return readdirSync(directory).filter((file) => {
    try {
      return !file.startsWith('.') && JSON.parse(readFileSync(join(directory, file), 'utf8')) === undefined;
    } catch {
      // Not JSON: half a file.
      return true;
    }
  });
}

test('T84 a client killed at any moment goes on from what it had', async () => {
  const directory = stage.clientDirectory('killed');
  const rootFile = join(stage.folder, 'root.json');
  writeFileSync(rootFile, stage.firstRoot);
  const child = join(import.meta.dirname, '../testing/refresh-child.ts');
  for (let i = 0; i < 12; i += 1) {
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', `2.0.${i}`, 'c'));
    const process_ = spawn(
      process.execPath,
      [child, directory, rootFile, stage.options.directory, String(stage.time)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    // From the moment it begins, some milliseconds more each time: start-up is not what is to be killed.
    await Promise.race([once(process_.stdout, 'data'), once(process_, 'exit')]);
    await delay(i);
    const exited = process_.exitCode === null && process_.signalCode === null ? once(process_, 'exit') : undefined;
    process_.kill('SIGKILL');
    await exited;
    expect(existsSync(directory) ? halfWritten(directory) : []).toEqual([]);
  }
  const client = openCatalog({
    directory,
    pinnedRoot: stage.firstRoot,
    fetch: fetchFromFolder(stage.options.directory),
    now: stage.options.now,
  });
  await client.refresh();
  expect((await client.list()).length).toBe(13);
  expect(canonicalize(parse(readFileSync(join(directory, 'timestamp.json'))))).toBe(
    stage.read('timestamp.json').toString('utf8'),
  );
  // What the killed ones were writing is not left lying about.
  expect(readdirSync(directory).filter((file) => file.startsWith('.'))).toEqual([]);
});
