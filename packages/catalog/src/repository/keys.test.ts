/** Keys come, go and are sealed; clients follow, and what a key that went signs counts for nothing. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSoftwareTokens, makeSoftwareToken } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeStage, target, type Stage } from '../testing/stage.ts';
import { publishAs } from '../testing/thief.ts';
import { keyPassphrases } from './key-passphrases.ts';
import { openRepository } from './open-repository.ts';
import { readPending } from './pending-change.ts';
import { keyFilesOf, makeKey } from './signing-key.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
});
afterEach(() => stage.remove());

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}

async function published(memory = 'machine'): Promise<number> {
  const client = stage.client(memory);
  await client.refresh();
  return (await client.list()).length;
}

async function keysOf(role: string): Promise<readonly string[]> {
  const roles = await stage.repository.roles();
  return roles.find((one) => one.role === role)?.keys.map(({ identifier }) => identifier) ?? [];
}

const rotating = ['root', 'targets', 'snapshot', 'timestamp', 'publisher.contoso.tools'] as const;

describe('adding, rotating and revoking', () => {
  test.each(rotating)('T29 the keys of %s are all replaced, one command each, and machines follow', async (role) => {
    expect(await published()).toBe(1);
    for (const key of await keysOf(role)) {
      const report = await stage.repository.changeKeys(role, { add: 'new', remove: key.slice(0, 8) });
      expect(report).toMatchObject({ role, removed: key });
      expect(await published()).toBe(1);
    }
    expect(await published('fresh')).toBe(1);
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0'));
    expect(await published()).toBe(2);
  });

  test('T27 T28 what a revoked key signs counts for nothing', async () => {
    const { keysDirectory } = stage.options;
    for (const role of ['timestamp', 'publisher.contoso.tools'] as const) {
      const [old = ''] = await keysOf(role);
      const [file] = await keyFilesOf(keysDirectory, role);
      const stolen = readFileSync(file?.path ?? '');
      await stage.repository.changeKeys(role, { add: 'new', remove: old });
      expect(readdirSync(keysDirectory)).toContain(`${role}.${old.slice(0, 16)}.pem.revoked`);
      const [fresh] = await keyFilesOf(keysDirectory, role);
      expect(await published()).toBe(1);
      const restore = stage.save();
      const victim = `victim of ${role}`;
      expect(await published(victim)).toBe(1);
      // The thief has the old key, and even everything else that signs below the root.
      renameSync(fresh?.path ?? '', `${fresh?.path}.away`);
      writeFileSync(file?.path ?? '', stolen, { mode: 0o600 });
      await publishAs(stage, [role], (content) => content);
      expect(await codeOf(published(victim))).toMatch(/^Catalog/);
      restore();
      renameSync(file?.path ?? '', `${file?.path}.revoked`);
      renameSync(`${fresh?.path}.away`, fresh?.path ?? '');
    }
    expect(await published()).toBe(1);
  });

  test('T27 a threshold of two: one of the keys alone publishes nothing', async () => {
    await stage.repository.addPublisher('Two.Keys', { count: 2, threshold: 2 });
    await stage.repository.addTarget(target('Two.Keys', 'A', '1.0'));
    const [file] = await keyFilesOf(stage.options.keysDirectory, 'publisher.two.keys');
    renameSync(file?.path ?? '', join(stage.folder, 'away'));
    expect(await codeOf(stage.repository.addTarget(target('Two.Keys', 'A', '2.0')))).toBe('KeyMissing');
    await publishAs(stage, ['publisher.two.keys'], (content) => content);
    expect(await codeOf(published())).toMatch(/^Catalog/);
  });

  test('what would leave a role unsignable is refused, and nothing is left behind', async () => {
    const { repository, options } = stage;
    const before = readdirSync(options.keysDirectory);
    const [targets = ''] = await keysOf('targets');
    const [root = '', other = ''] = await keysOf('root');
    expect(await codeOf(repository.changeKeys('targets', { remove: targets }))).toBe('KeyThreshold');
    expect(await codeOf(repository.changeKeys('targets', { add: 'new', threshold: 3 }))).toBe('KeyThreshold');
    expect(await codeOf(repository.changeKeys('targets', { add: 'new', threshold: 0 }))).toBe('KeyThreshold');
    expect(await codeOf(repository.changeKeys('targets', { remove: root }))).toBe('KeyUnknown');
    expect(await codeOf(repository.changeKeys('targets', { remove: '' }))).toBe('KeyUnknown');
    for (const role of ['constructor', 'publisher.', 'publisher.nobody', 'publisher.__proto__', ''])
      expect([role, await codeOf(repository.changeKeys(role, { add: 'new' }))]).toEqual([role, 'RoleUnknown']);
    expect(readdirSync(options.keysDirectory)).toEqual(before);
    await repository.changeKeys('root', { remove: root });
    expect(await codeOf(repository.changeKeys('root', { remove: other }))).toBe('KeyThreshold');
    expect(await published()).toBe(1);
  });

  test('T84 a change of keys that died between its root and its timestamp is ended by the next one', async () => {
    expect(await published()).toBe(1);
    const { directory, keysDirectory } = stage.options;
    const timestamp = stage.read('timestamp.json');
    const [old = ''] = await keysOf('timestamp');
    await stage.repository.changeKeys('timestamp', { add: 'new', remove: old });
    const ended = stage.read('timestamp.json');
    writeFileSync(join(directory, 'timestamp.json'), timestamp);
    writeFileSync(
      join(keysDirectory, 'pending.json'),
      JSON.stringify({ format: 1, root: 2, timestamp: ended.toString('base64') }),
      { mode: 0o600 },
    );
    expect(await stage.repository.packages()).toHaveLength(1);
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0'));
    expect(readPending(keysDirectory)).toBeUndefined();
    expect(await published()).toBe(2);
    // A pending timestamp whose root never came is not used.
    writeFileSync(
      join(keysDirectory, 'pending.json'),
      JSON.stringify({ format: 1, root: 9, timestamp: ended.toString('base64') }),
      { mode: 0o600 },
    );
    await stage.repository.refresh();
    expect(await published('fresh')).toBe(2);
  });

  test('T29 a machine that was away follows a chain of roots', async () => {
    expect(await published()).toBe(1);
    for (let i = 0; i < 12; i += 1) {
      const keys = await keysOf('root');
      await stage.repository.changeKeys('root', { add: 'new', remove: keys[0] ?? '' });
    }
    expect(await published()).toBe(1);
    expect(await published('fresh')).toBe(1);
  });
});

describe('keys at rest', () => {
  const passphrases = keyPassphrases(['correct horse battery staple']);

  test('T75 sealed keys sign with their passphrase only; plain and sealed ones live side by side', async () => {
    const sealing = openRepository({ ...stage.options, passphrases });
    await sealing.addPublisher('Sealed.Corp');
    await sealing.addTarget(target('Sealed.Corp', 'A', '1.0'));
    const [file] = await keyFilesOf(stage.options.keysDirectory, 'publisher.sealed.corp');
    expect(file?.form).toBe('sealed.json');
    const wrong = openRepository({ ...stage.options, passphrases: keyPassphrases(['wrong horse battery staple']) });
    for (const locked of [stage.repository, wrong])
      expect(await codeOf(locked.addTarget(target('Sealed.Corp', 'A', '2.0')))).toBe('KeyMissing');
    await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0'));
    expect(await published()).toBe(3);
    expect((await stage.repository.roles()).flatMap(({ keys }) => keys.map(({ presence }) => presence))).toContain(
      'sealed',
    );
  });

  test('T75 a change that is refused for want of a passphrase leaves no key behind, least of all an open one', async () => {
    const { keysDirectory } = stage.options;
    const sealing = openRepository({ ...stage.options, passphrases });
    for (const key of await keysOf('targets')) await sealing.changeKeys('targets', { add: 'new', remove: key });
    const before = readdirSync(keysDirectory).sort();
    expect(await codeOf(stage.repository.addPublisher('Late.Corp', { count: 2, threshold: 1 }))).toBe('KeyMissing');
    expect(await codeOf(stage.repository.changeKeys('publisher.contoso.tools', { add: 'new' }))).toBe('KeyMissing');
    expect(readdirSync(keysDirectory).sort()).toEqual(before);
    await sealing.addPublisher('Late.Corp', { count: 2, threshold: 1 });
    const forms = (await keyFilesOf(keysDirectory, 'publisher.late.corp')).map(({ form }) => form);
    expect(forms).toEqual(['sealed.json', 'sealed.json']);
  });

  test('T31 a sealed key that was patched or renamed does not open', async () => {
    const folder = join(stage.folder, 'sealed');
    mkdirSync(folder, { mode: 0o700 });
    const key = await makeKey(folder, 'targets', passphrases);
    const text = readFileSync(key.file, 'utf8');
    const { keysOfRole } = await import('./signing-key.ts');
    expect(await keysOfRole(folder, 'targets', passphrases)).toHaveLength(1);
    const sealed = JSON.parse(text) as { aes256gcm: Record<string, string>; publicKey: string };
    for (const part of ['nonce', 'data', 'tag']) {
      const bytes = Buffer.from(sealed.aes256gcm[part] ?? '', 'base64');
      bytes[3] = (bytes[3] ?? 0) ^ 1;
      const aes256gcm = { ...sealed.aes256gcm, [part]: bytes.toString('base64') };
      writeFileSync(key.file, JSON.stringify({ ...sealed, aes256gcm }));
      expect([part, await keysOfRole(folder, 'targets', passphrases)]).toEqual([part, []]);
    }
    writeFileSync(key.file, text);
    renameSync(key.file, key.file.replace('targets.', 'root.'));
    expect(await keysOfRole(folder, 'root', passphrases)).toEqual([]);
    expect(text).not.toContain('PRIVATE');
  });

  test('T29 keys that a holder brings in a folder of their own sign, and new ones are made there', async () => {
    const medium = join(stage.folder, 'medium');
    mkdirSync(medium, { mode: 0o700 });
    for (const { path } of await keyFilesOf(stage.options.keysDirectory, 'root'))
      renameSync(path, join(medium, path.slice(path.lastIndexOf('/') + 1)));
    const [old = ''] = await keysOf('root');
    expect(await codeOf(stage.repository.changeKeys('root', { add: 'new', remove: old }))).toBe('KeyMissing');
    const withMedium = openRepository({ ...stage.options, otherKeys: [medium] });
    const { added } = await withMedium.changeKeys('root', { add: 'new', remove: old });
    expect(added?.file.startsWith(medium)).toBe(true);
    expect(await published()).toBe(1);
    chmodSync(medium, 0o755);
    expect(await codeOf(withMedium.changeKeys('root', { add: 'new' }))).toBe('KeyExposed');
  });
});

describe('a key on a token', () => {
  const signingProgram = join(import.meta.dirname, '../../bin/sallyport-token-sign');

  test.skipIf(!hasSoftwareTokens())(
    'T75 PKCS#11 through SoftHSM: the key never leaves the token, and a token that is away signs nothing',
    async () => {
      const token = makeSoftwareToken(stage.folder, signingProgram);
      const { parseTokenSigner } = await import('./token-key.ts');
      const signer = parseTokenSigner(token.description, 'the description');
      const [old = ''] = await keysOf('publisher.contoso.tools');
      // One that does not sign is not taken, and nothing of it is written down.
      token.takeAway();
      const change = { add: signer, remove: old };
      expect(await codeOf(stage.repository.changeKeys('publisher.contoso.tools', change))).toBe('SignerFailed');
      expect(readdirSync(join(stage.folder, 'keys')).filter((name) => name.endsWith('.token.json'))).toEqual([]);
      expect(await keysOf('publisher.contoso.tools')).toEqual([old]);
      token.bringBack();
      await stage.repository.changeKeys('publisher.contoso.tools', { add: signer, remove: old });
      await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '2.0'));
      // A role of many packages is signed whole, however long it is.
      for (const type of ['A', 'B', 'C', 'D', 'E'])
        await stage.repository.addTarget(target('Contoso.Tools', type, '1.0'));
      expect(await published()).toBe(7);
      token.takeAway();
      expect(await codeOf(stage.repository.addTarget(target('Contoso.Tools', 'Hello', '3.0')))).toBe('SignerFailed');
      stage.time += 200 * 24 * 60 * 60 * 1000;
      // The others are signed all the same.
      expect((await stage.repository.refresh()).signed).toContain('root');
      token.bringBack();
      await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '3.0'));
      expect(await published()).toBe(8);
    },
  );

  test('T30 what a signer answers is checked before it is used', async () => {
    const { signWithToken, parseTokenSigner } = await import('./token-key.ts');
    const publicKey = '00'.repeat(32);
    for (const command of [
      ['/bin/echo', 'signed'],
      ['/bin/false'],
      ['/nowhere/signer'],
      ['/usr/bin/head', '-c', '64', '/dev/zero'],
    ]) {
      await expect((async () => signWithToken({ publicKey, command }, Buffer.from('x')))()).rejects.toMatchObject({
        code: 'SignerFailed',
      });
    }
    for (const text of ['', '{}', '{"publicKey":"00","command":["x"]}', `{"publicKey":"${publicKey}","command":[]}`])
      await expect((async () => parseTokenSigner(text, 'it'))()).rejects.toMatchObject({ code: 'SignerMalformed' });
  });
});
