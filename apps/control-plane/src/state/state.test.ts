import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secretMatches } from '../identity/credentials/secret-hash.ts';
import { eachStore, type TestStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { firstIdentities, writeOperatorFile } from './first-identities.ts';
import { lockState } from './state-lock.ts';
import { statePaths, type StatePaths } from './state-paths.ts';
import { tlsFiles } from './tls-files.ts';

describe('the state directory', () => {
  let folder: string;
  let paths: StatePaths;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-state-'));
    paths = statePaths(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const environment = manualEnvironment();

  test('the CA stays; the server certificate is renewed for a new name and near its end', async () => {
    const first = await tlsFiles(paths, ['localhost'], environment.now());
    expect(await tlsFiles(paths, ['localhost'], environment.now())).toEqual(first);
    const named = await tlsFiles(paths, ['localhost', 'plane.test'], environment.now());
    expect(named.authorityPem).toBe(first.authorityPem);
    expect(new X509Certificate(named.certificatePem).checkHost('plane.test')).toBe('plane.test');
    const later = await tlsFiles(paths, ['localhost', 'plane.test'], environment.now() + 380 * 24 * 3600 * 1000);
    expect(later.certificatePem).not.toBe(named.certificatePem);
    expect(later.authorityPem).toBe(first.authorityPem);
    expect(statSync(paths.authorityKey).mode & 0o777).toBe(0o600);
    expect(statSync(paths.serverKey).mode & 0o777).toBe(0o600);
  });

  test('T84 a start that was interrupted between the files of a certificate makes a new one', async () => {
    const first = await tlsFiles(paths, ['localhost'], environment.now());
    writeFileSync(paths.server, '');
    const again = await tlsFiles(paths, ['localhost'], environment.now());
    expect(again.authorityPem).toBe(first.authorityPem);
    expect(new X509Certificate(again.certificatePem).verify(new X509Certificate(first.authorityPem).publicKey)).toBe(
      true,
    );
    unlinkSync(paths.authority);
    const fresh = await tlsFiles(paths, ['localhost'], environment.now());
    expect(new X509Certificate(fresh.certificatePem).verify(new X509Certificate(fresh.authorityPem).publicKey)).toBe(
      true,
    );
  });

  test('the lock is had once, again after its release, and also over what a dead process left', () => {
    const release = lockState(paths.lock);
    expect(() => lockState(paths.lock)).toThrow('Another control plane uses this state directory');
    release();
    expect(readFileSync(paths.lock)).toHaveLength(0);
    lockState(paths.lock)();
  });
});

eachStore('first identities', (makeStore) => {
  let made: TestStore;
  let paths: StatePaths;
  beforeEach(() => {
    made = makeStore();
    paths = statePaths(made.directory);
  });
  const environment = manualEnvironment();

  test('identities are made once; the secret is in operator.json only; a lost file is replaced on record', async () => {
    const store = await made.open();
    const hash = async (): Promise<string | undefined> =>
      (await store.read.selectFrom('principals').select('secret_hash').executeTakeFirst())?.secret_hash ?? undefined;
    const events = async (): Promise<number> =>
      (await store.read.selectFrom('activity_events').select('position').execute()).length;
    const first = await firstIdentities(environment, store, paths);
    writeOperatorFile(paths, { ...first, endpoint: 'https://localhost:1' });
    expect(statSync(paths.operator).mode & 0o777).toBe(0o600);
    expect(await secretMatches(first.clientSecret, await hash())).toBe(true);
    expect(await firstIdentities(environment, store, paths)).toMatchObject(first);
    expect(await events()).toBe(2);
    unlinkSync(paths.operator);
    const second = await firstIdentities(environment, store, paths);
    expect({ ...second, clientSecret: '' }).toEqual({ ...first, clientSecret: '' });
    expect(await secretMatches(first.clientSecret, await hash())).toBe(false);
    expect(await secretMatches(second.clientSecret, await hash())).toBe(true);
    expect(await events()).toBe(4);
    await store.close();
  });

  test('T84 a first start that was interrupted before the database knew its operator keeps the secret it wrote', async () => {
    const identities = { tenantId: 't', subscriptionId: 's', clientId: 'c', clientSecret: 'the secret' };
    writeOperatorFile(paths, { ...identities, endpoint: '' });
    const store = await made.open();
    expect(await firstIdentities(environment, store, paths)).toEqual(identities);
    await store.close();
  });

  test('a damaged operator.json is told, not replaced', async () => {
    writeFileSync(paths.operator, '{"tenantId":');
    const store = await made.open();
    await expect(firstIdentities(environment, store, paths)).rejects.toThrow(paths.operator);
    await store.close();
  });
});
