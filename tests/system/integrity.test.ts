/** What runs is what was signed: any changed byte stops the operation before anything is unpacked (S1.6, T20, T25, T26). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildTestPackage, noopHandler, writeHostileZip } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type Ended, type TestSystem } from './harness.ts';

let system: TestSystem;
let version = 0;

beforeAll(async () => {
  system = await startSystem();
  await system.startAgent();
});
afterAll(async () => system.stop());
afterEach(() => {
  system.carrier.tamper = undefined;
});

/** A version that nobody has fetched yet, so that every role that names it has to be fetched. */
async function freshVersion(): Promise<{ readonly version: string; readonly path: string }> {
  version += 1;
  const text = `${version}.0.0`;
  return { version: text, path: await system.publish('Noop', text, { ...noopHandler, 'version.txt': text }) };
}

function requestsFor(text: string): number {
  return system.carrier.requests.filter((request) => request.includes(text)).length;
}

/** What of packages is on the machine: installed, on its way, or recorded. */
function kept(): readonly string[] {
  return ['var/lib/waagent', 'var/lib/GuestConfig/downloads', 'var/lib/GuestConfig/extension_logs'].flatMap(
    (folder) => {
      const path = join(system.root, folder);
      // The folder that extensions write telemetry to is always there (handler contract §7).
      return existsSync(path) ? readdirSync(path).filter((entry) => entry !== 'events') : [];
    },
  );
}

/** A place for the next package is made ready meanwhile: where the file system makes no files without a name, its file has one for a moment. */
const nothingKept = (): Promise<void> => expect.poll(kept).toEqual([]);

async function attempt(type: string, wanted: string): Promise<Ended> {
  return system.install(type.toLowerCase(), { type, version: wanted });
}

function flipped(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

describe('a package that was changed on its way', () => {
  test('T20 S1.6 a flipped bit in any block: refused with PackageMismatch, nothing of it is kept', async () => {
    const fresh = await freshVersion();
    const length = buildTestPackage({ ...noopHandler, 'version.txt': fresh.version }).length;
    const blocks = [0, ...Array.from({ length: 3 }, (_, i) => Math.floor(((i + 1) * length) / 4)), length - 1];
    for (const at of blocks) {
      system.carrier.tamper = (path, body) => (path === fresh.path ? flipped(body, at) : body);
      const ended = await attempt('Noop', fresh.version);
      expect(ended, `byte ${at}`).toMatchObject({ status: 'Failed', error: { code: 'PackageMismatch' } });
      await nothingKept();
    }
  });

  test.each([
    ['cut short', 'PackageMismatch', (body: Buffer) => body.subarray(0, body.length - 1)],
    ['with more behind it', 'PackageOversized', (body: Buffer) => Buffer.concat([body, Buffer.from('x')])],
    ['replaced by a page of HTML', 'PackageMismatch', () => Buffer.from('<html>Please sign in</html>')],
    ['replaced by another valid package', 'PackageMismatch', () => buildTestPackage(noopHandler)],
  ])('T20 T78 a package %s: %s', async (_title, code, change) => {
    const fresh = await freshVersion();
    system.carrier.tamper = (path, body) => (path === fresh.path ? change(body) : body);
    const ended = await attempt('Noop', fresh.version);
    expect(ended).toMatchObject({ status: 'Failed', error: { code } });
    await nothingKept();
  });
});

describe('a catalog that was changed on its way', () => {
  /** The first of a role's signatures with another digit. */
  function brokenSignature(body: Buffer): Buffer {
    const text = body.toString();
    return Buffer.from(
      text.replace(/("sig":\s*")(.)/, (_all, start: string, digit: string) => start + (digit === '0' ? '1' : '0')),
    );
  }
  /** The signed part says something else, in as many bytes. */
  function changedContent(body: Buffer): Buffer {
    return Buffer.from(body.toString().replace(/("spec_version":\s*"1\.0\.)\d/, '$19'));
  }

  const roles = [/\/timestamp\.json$/, /\.snapshot\.json$/, /\.targets\.json$/, /publisher\.contoso\.test\.json$/];
  const cases = roles.flatMap((role) => [
    [role.source, 'content', role, changedContent] as const,
    [role.source, 'signature', role, brokenSignature] as const,
  ]);

  test.each(cases)('T20 S1.6 %s: changed %s', async (_source, _what, role, change) => {
    const fresh = await freshVersion();
    // Only a new publisher changes the top-level role.
    await system.addPublisher(`Contoso.Extra${version}`);
    let changed = 0;
    system.carrier.tamper = (path, body) => {
      if (!path.startsWith('/catalog/') || !role.test(path)) return body;
      changed += 1;
      const tampered = change(body);
      return tampered.equals(body) ? Buffer.from('{}') : tampered;
    };
    const ended = await attempt('Noop', fresh.version);
    expect(changed).toBeGreaterThan(0);
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'CatalogSignatureInvalid' } });
    expect(requestsFor(fresh.path)).toBe(0);
    await nothingKept();
  });

  test('T78 an HTML page instead of the catalog', async () => {
    const fresh = await freshVersion();
    system.carrier.tamper = (path, body) => (path.startsWith('/catalog/') ? Buffer.from('<html>Sign in</html>') : body);
    const ended = await attempt('Noop', fresh.version);
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'CatalogSignatureInvalid' } });
    await nothingKept();
  });
});

describe('packages that were signed and are not acceptable all the same', () => {
  test('T26 a package for another processor is not fetched', async () => {
    const elsewhere = process.arch === 'arm64' ? 'x64' : 'arm64';
    const path = await system.publish('Foreign', '1.0.0', { ...noopHandler, 'note.txt': 'foreign' }, elsewhere);
    const ended = await attempt('Foreign', '1.0.0');
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'PackageNotForThisMachine' } });
    expect(requestsFor(path)).toBe(0);
  });

  test('T32 a package that wants to write outside is refused, and nothing is anywhere', async () => {
    const entries = [{ name: '../outside.txt', content: Buffer.from('out') }];
    await system.publish('Hostile', '1.0.0', writeHostileZip({ entries }));
    const ended = await attempt('Hostile', '1.0.0');
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'PackageMalformed' } });
    expect(ended.error?.message).toContain('NameTraversal');
    await nothingKept();
    expect(existsSync(join(system.root, 'var/lib/outside.txt'))).toBe(false);
  });

  test.each([
    ['without a manifest', { 'readme.txt': 'nothing to run' }],
    ['with a manifest that is not one', { 'HandlerManifest.json': '[{"handlerManifest": {}}]' }],
    [
      'T42 with a manifest that wants a shell',
      {
        'HandlerManifest.json': JSON.stringify([
          {
            handlerManifest: Object.fromEntries(
              ['install', 'enable', 'update', 'disable', 'uninstall'].map((word) => [
                `${word}Command`,
                'x; touch /tmp/owned',
              ]),
            ),
          },
        ]),
      },
    ],
  ])('T41 a package %s', async (title, files) => {
    const type = `Bad${title.length}`;
    await system.publish(type, '1.0.0', files);
    const ended = await attempt(type, '1.0.0');
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'ManifestMalformed' } });
    await nothingKept();
  });

  test('an honest package goes through the same hands', async () => {
    const fresh = await freshVersion();
    expect(await attempt('Noop', fresh.version)).toMatchObject({ status: 'Succeeded' });
    expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
    await nothingKept();
  });
});
