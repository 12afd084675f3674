/** Whoever carries the catalog, and whoever has stolen some of its keys, against a client that began with the pinned root. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationFailure } from '@sallyport/model';
import { canonicalize } from '@tufjs/canonical-json';
import { day, extension, makeStage, target, version, type Stage } from '../testing/stage.ts';
import { contentOf, currentFile, parse, publishAs, signAs, type Content } from '../testing/thief.ts';
import type { Catalog } from './catalog.ts';

const hello = extension('Contoso.Tools', 'Hello');
const publisherRole = 'publisher.contoso.tools';
const roles = ['root', 'timestamp', 'snapshot', 'targets', publisherRole] as const;

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
});
afterEach(() => stage.remove());

/** The code that stops a machine from installing Hello 1.0.0; undefined when nothing does. */
/** As this catalog writes times: in whole seconds. */
function timeOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+/, '');
}

async function stopped(client: Catalog): Promise<string | undefined> {
  try {
    await client.refresh();
    await client.find(hello, version('1.0.0'));
    return undefined;
  } catch (error) {
    return error instanceof OperationFailure ? error.code : `not a failure of the catalogue: ${String(error)}`;
  }
}

/** Half a year on, the root has been signed anew, so that clients fetch one. */
async function rotateRoot(): Promise<void> {
  stage.time += 200 * day;
  await stage.repository.refresh();
}

function fileOf(role: string): string {
  return role === 'root' ? '2.root.json' : currentFile(stage, role);
}

describe('a carrier that changes what it carries', () => {
  test.each(roles)('S1.6 T20 a changed byte anywhere in %s stops the operation', async (role) => {
    await rotateRoot();
    expect(await stopped(stage.client('honest'))).toBeUndefined();
    const file = fileOf(role);
    const genuine = stage.read(file);
    const wrong: string[] = [];
    // Three files are held by their SHA-256, which sees every bit alike; root and timestamp by their signatures alone.
    const step = role === 'root' || role === 'timestamp' ? 1 : 7;
    for (let at = 0; at < genuine.length; at += step) {
      const changed = Buffer.from(genuine);
      // Bit 5 turns capitals into small letters and back, in hex digits too; the others break the text.
      changed[at] = (genuine[at] ?? 0) ^ (at % 2 === 0 ? 0x20 : 1 << (at % 8));
      stage.lies.set(file, changed);
      const code = await stopped(stage.client(`${role}-${at}`));
      if (code !== 'CatalogSignatureInvalid') wrong.push(`byte ${at} of ${file}: ${String(code)}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each(roles)('S1.6 a missing, foreign or emptied signature on %s stops the operation', async (role) => {
    await rotateRoot();
    const file = fileOf(role);
    const { signatures, signed } = parse(stage.read(file));
    const foreignKey = role === 'targets' ? 'snapshot' : 'targets';
    const lies = [
      canonicalize({ signatures: [], signed }),
      canonicalize({ signatures: signatures.map(({ keyid }) => ({ keyid, sig: '' })), signed }),
      canonicalize({
        signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: sig.replace(/./g, '0') })),
        signed,
      }),
      await signAs(stage, signed, foreignKey),
    ];
    for (const [i, lie] of lies.entries()) {
      stage.lies.set(file, Buffer.from(lie));
      expect(await stopped(stage.client(`${role}-${i}`))).toBe('CatalogSignatureInvalid');
    }
  });

  test('T31 other spellings of the same content are refused: blanks, duplicate keys, capitals, a byte order mark', async () => {
    const genuine = stage.read('timestamp.json').toString('utf8');
    const spellings = [
      JSON.stringify(JSON.parse(genuine), undefined, 1),
      `${genuine}\n`,
      `\ufeff${genuine}`,
      genuine.replace('"signed":{', '"signed":{"version":1,'),
      genuine.replace(/"sig":"([0-9a-f]+)"/, (_, sig: string) => `"sig":"${sig.toUpperCase()}"`),
      genuine.replace('"_type"', '"\\u005ftype"'),
      genuine.replace('{"signatures"', '{"note":1,"signatures"'),
    ];
    for (const [i, spelling] of spellings.entries()) {
      expect(spelling).not.toBe(genuine);
      stage.lies.set('timestamp.json', Buffer.from(spelling));
      expect(await stopped(stage.client(`spelling-${i}`))).toBe('CatalogSignatureInvalid');
    }
  });

  test('T41 deeply nested and enormous values are refused like any other nonsense', async () => {
    for (const [i, text] of [
      '['.repeat(8000),
      `{"a":${'['.repeat(7000)}${']'.repeat(7000)}}`,
      '',
      'null',
      '0',
    ].entries()) {
      stage.lies.set('timestamp.json', Buffer.from(text));
      expect(await stopped(stage.client(`nested-${i}`))).toBe('CatalogSignatureInvalid');
    }
  });

  test('T23 endless data: no file is read beyond its signed length, or its limit', async () => {
    const limits = new Map<string, number>();
    const client = stage.client('limits', async (file, maxLength, signal) => {
      limits.set(file, maxLength);
      return stage.fetch(file, maxLength, signal);
    });
    expect(await stopped(client)).toBeUndefined();
    for (const role of ['snapshot', 'targets', publisherRole]) {
      expect(limits.get(currentFile(stage, role))).toBe(stage.read(currentFile(stage, role)).length);
    }
    expect(limits.get('timestamp.json')).toBe(16_384);
    await rotateRoot();
    for (const role of roles) {
      stage.lies.clear();
      stage.lies.set(fileOf(role), 'too-long');
      expect(await stopped(stage.client(`long-${role}`))).toBe('CatalogOversized');
      // A source that ignores the limit and hands everything over.
      stage.lies.set(fileOf(role), Buffer.concat([stage.read(fileOf(role)), Buffer.alloc(9_000_000, 0x20)]));
      expect(await stopped(stage.client(`longer-${role}`))).toBe('CatalogOversized');
    }
  });

  test('a file that is missing, or a source that fails, is CatalogUnavailable', async () => {
    for (const role of ['timestamp', 'snapshot', 'targets', publisherRole]) {
      stage.lies.clear();
      stage.lies.set(currentFile(stage, role), 'missing');
      expect(await stopped(stage.client(`missing-${role}`))).toBe('CatalogUnavailable');
    }
    const failing = stage.client('failing', () => Promise.reject(new Error('connection reset')));
    expect(await stopped(failing)).toBe('CatalogUnavailable');
    await expect(failing.refresh()).rejects.toThrow(/timestamp\.json could not be fetched: connection reset\./);
  });
});

describe('a carrier that goes back in time', () => {
  test('T21 a catalog as it once was is a rollback, and what was trusted stays', async () => {
    const once = stage.freeze();
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    const client = stage.client('machine');
    await client.refresh();
    expect(await stopped(stage.client('machine', once))).toBe('CatalogRollback');
    expect(await stopped(stage.client('newcomer', once))).toBeUndefined();
    expect((await client.find(hello, version('1.0.1')))?.sha256).toBe('b'.repeat(64));
  });

  test.each(['timestamp', 'snapshot', publisherRole])(
    'T22 the old %s under the new name does not fit',
    async (role) => {
      const old = stage.read(currentFile(stage, role));
      await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
      await stage.client('machine').refresh();
      await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.2', 'c'));
      stage.lies.set(currentFile(stage, role), old);
      const expected = role === 'timestamp' ? 'CatalogRollback' : 'CatalogMixed';
      expect(await stopped(stage.client('machine'))).toBe(expected);
    },
  );

  test('T22 a new publisher role cannot be slipped under an old snapshot', async () => {
    const old = stage.freeze();
    const file = currentFile(stage, publisherRole);
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    const newer = stage.read(currentFile(stage, publisherRole));
    const mixed = stage.client('mixed', async (name, maxLength) => (name === file ? newer : old(name, maxLength)));
    // It is longer than the snapshot says, and so it is not even read.
    expect(await stopped(mixed)).toBe('CatalogOversized');
  });

  test.each(roles)(
    'T14 T72 when %s has expired nothing is trusted any more, until the clock is right again',
    async (role) => {
      const soon = { expires: timeOf(stage.time + 60_000) };
      if (role === 'root') {
        const root = { ...parse(stage.firstRoot).signed, ...soon, version: 2 };
        stage.lies.set('2.root.json', await signAs(stage, root, 'root'));
      } else {
        await publishAs(stage, [role], (content, edited) => (edited === role ? { ...content, ...soon } : content));
      }
      const client = stage.client('machine');
      expect(await stopped(client)).toBeUndefined();
      stage.time += 60_000;
      const code = role === 'timestamp' ? 'CatalogFrozen' : 'CatalogExpired';
      expect(await stopped(client)).toBe(code);
      expect(await stopped(stage.client('newcomer'))).toBe(code);
      // Without asking again, what was trusted a minute ago is not trusted either.
      await expect(client.find(hello, version('1.0.0'))).rejects.toMatchObject({ code });
      stage.time -= 30_000;
      expect(await stopped(client)).toBeUndefined();
    },
  );

  test('T71 a clock set back does not make an expired catalog fresh', async () => {
    const once = stage.freeze();
    stage.time += 13 * day;
    await stage.repository.refresh();
    stage.time += 2 * day;
    expect(await stopped(stage.client('machine', once))).toBe('CatalogFrozen');
    expect(await stopped(stage.client('machine'))).toBeUndefined();
    // The newest timestamp was signed on day 13: no clock before that is believed, so its own expiry still comes.
    await publishAs(stage, ['timestamp'], (content) => ({
      ...content,
      expires: timeOf(stage.time - 2 * day + 1),
    }));
    stage.time -= 365 * day;
    await expect(stage.client('machine').refresh()).rejects.toMatchObject({ code: 'CatalogFrozen' });
    expect(await stopped(stage.client('machine'))).toBe('CatalogFrozen');
  });

  test.each([
    ['says that it was signed a year ago', (stage: Stage) => ({ issued: timeOf(stage.time - 365 * day) })],
    ['does not say when it was signed', () => ({ issued: undefined })],
  ])('T71 nor does a timestamp that %s: the machine remembers', async (_what, lie) => {
    stage.time += 13 * day;
    await stage.repository.refresh();
    expect(await stopped(stage.client('machine'))).toBeUndefined();
    await publishAs(stage, ['timestamp'], ({ issued: _issued, ...content }) => {
      const { issued } = lie(stage);
      return { ...content, ...(issued === undefined ? {} : { issued }), expires: timeOf(stage.time - day) };
    });
    stage.time -= 365 * day;
    // What only this machine has seen is what tells: another one, whose clock is wrong as well, has nothing to go by.
    expect(await stopped(stage.client('another machine'))).toBeUndefined();
    expect(await stopped(stage.client('machine'))).toBe('CatalogFrozen');
  });
});

describe('a thief of keys', () => {
  const evilPath = 'contoso.tools/hello/6.6.6.zip';
  const evilEntry = {
    length: 6,
    hashes: { sha256: 'e'.repeat(64) },
    custom: {
      publisher: 'Contoso.Tools',
      type: 'Hello',
      version: '6.6.6',
      operatingSystem: 'linux',
      architecture: 'any',
    },
  };
  const withEvil = (content: Content): Content => ({
    ...content,
    targets: { ...(content['targets'] as Content), [evilPath]: evilEntry },
  });

  test("T27 a publisher's key cannot sign another publisher's names", async () => {
    await stage.repository.addPublisher('Evil.Corp');
    await publishAs(stage, ['publisher.evil.corp'], (content, role) =>
      role === 'publisher.evil.corp' ? withEvil(content) : content,
    );
    const client = stage.client('machine');
    expect(await client.find(hello, version('6.6.6'))).toBeUndefined();
    expect((await client.list()).map(({ path }) => path)).toEqual(['contoso.tools/hello/1.0.0.zip']);
    expect(await client.list('Evil.Corp')).toEqual([]);
    // The same content under the right publisher's key would have been found.
    await publishAs(stage, [publisherRole], (content, role) => (role === publisherRole ? withEvil(content) : content));
    await client.refresh();
    expect((await client.find(hello, version('6.6.6')))?.path).toBe(evilPath);
  });

  test('T27 a role that only looks like the publisher is not asked', async () => {
    for (const publisher of ['Contoso', 'Contoso.Tools.Hello', 'Contoso.Tool', 'Contoso.Toolsx']) {
      await stage.repository.addPublisher(publisher);
      const role = `publisher.${publisher.toLowerCase()}`;
      await publishAs(stage, [role], (content, edited) => (edited === role ? withEvil(content) : content));
    }
    expect(await stage.client('machine').find(hello, version('6.6.6'))).toBeUndefined();
  });

  test('T28 the timestamp and snapshot keys together cannot add a package', async () => {
    const signed = withEvil({ ...contentOf(stage, publisherRole), version: 3 });
    const forged = await signAs(stage, signed, 'snapshot', 'timestamp');
    await publishAs(stage, [publisherRole], (content, role) => (role === publisherRole ? withEvil(content) : content));
    const file = currentFile(stage, publisherRole);
    expect(file).toBe('3.publisher.contoso.tools.json');
    // The same step with a snapshot that vouches for the forgery, as its key allows.
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256').update(forged).digest('hex');
    await publishAs(stage, ['snapshot'], (content, role) =>
      role === 'snapshot'
        ? {
            ...content,
            meta: {
              ...(content['meta'] as Content),
              [`${publisherRole}.json`]: { version: 3, length: forged.length, hashes: { sha256: hash } },
            },
          }
        : content,
    );
    stage.lies.set(file, forged);
    expect(await stopped(stage.client('machine'))).toBe('CatalogSignatureInvalid');
  });

  test('T28 the timestamp key cannot name an older snapshot, nor the snapshot key an older role or none', async () => {
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
    const attempts: readonly (readonly [string, (content: Content) => Content])[] = [
      ['timestamp', (content) => ({ ...content, meta: { 'snapshot.json': { version: 1 } } })],
      [
        'snapshot',
        (content) => ({
          ...content,
          meta: { ...(content['meta'] as Content), [`${publisherRole}.json`]: { version: 1 } },
        }),
      ],
      [
        'snapshot',
        (content) => ({ ...content, meta: { 'targets.json': (content['meta'] as Content)['targets.json'] } }),
      ],
    ];
    for (const [i, [role, change]] of attempts.entries()) {
      expect(await stopped(stage.client(`machine-${i}`))).toBeUndefined();
      const restore = stage.save();
      await publishAs(stage, [role], (content, edited) => (edited === role ? change(content) : content));
      expect(await stopped(stage.client(`machine-${i}`))).toBe('CatalogRollback');
      restore();
    }
  });

  test('T26 an entry that describes another package than its path names is refused', async () => {
    const own = 'contoso.tools/hello/1.0.0.zip';
    const descriptions: readonly Content[] = [
      { ...evilEntry.custom },
      { ...evilEntry.custom, version: '1.0.0', type: 'Other' },
      { ...evilEntry.custom, version: '1.0.0', publisher: 'Evil.Corp' },
      { ...evilEntry.custom, version: '1.0.0', operatingSystem: 'plan9' },
      { ...evilEntry.custom, version: '1.0.0', architecture: 'vax' },
      {},
    ];
    const client = stage.client('machine');
    for (const custom of descriptions) {
      await publishAs(stage, [publisherRole], (content, role) =>
        role === publisherRole ? { ...content, targets: { [own]: { ...evilEntry, custom } } } : content,
      );
      expect(await stopped(client)).toBe('PackageNotForThisMachine');
      expect(await client.list()).toEqual([]);
    }
  });

  test('T26 an entry without a usable SHA-256 is refused', async () => {
    const own = 'contoso.tools/hello/1.0.0.zip';
    const custom = { ...evilEntry.custom, version: '1.0.0' };
    for (const hashes of [{ md5: 'd41d8cd98f00b204e9800998ecf8427e' }, { sha256: 'E'.repeat(64) }, { sha256: '' }]) {
      await publishAs(stage, [publisherRole], (content, role) =>
        role === publisherRole ? { ...content, targets: { [own]: { length: 5, hashes, custom } } } : content,
      );
      expect(await stopped(stage.client('machine'))).toBe('PackageNotForThisMachine');
    }
  });
});
