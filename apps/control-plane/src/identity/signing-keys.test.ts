import { errors, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import type { Store } from '../store/store.ts';
import { issueAccessToken } from './access-token.ts';
import { endpointOf } from './endpoint.ts';
import type { Principal } from './principals.ts';
import { createSigningKeyText, readSigningKey } from './signing-key.ts';
import { openSigningKeys, type KeyFile, type SigningKeys } from './signing-keys.ts';
import { createTokenVerifier } from './token-verifier.ts';

const tenant = '11111111-1111-4111-8111-111111111111';
const endpoint = endpointOf('https://plane.test', 8443, tenant);
const principal: Principal = {
  object_id: 'o',
  client_id: 'c',
  kind: 'ServicePrincipal',
  display_name: 'n',
  secret_hash: null,
  public_key: null,
  vm_id: null,
  created_at: 0,
};

function keyFile(): KeyFile & { text: string | undefined } {
  const file: KeyFile & { text: string | undefined } = {
    text: undefined,
    read: () => file.text,
    write: (text) => {
      file.text = text;
    },
  };
  return file;
}

eachStore('signing keys', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());

  const open = (file: KeyFile): Promise<SigningKeys> => openSigningKeys(environment, store, file, tenant);
  const issue = async (keys: SigningKeys): Promise<string> =>
    issueAccessToken(environment, await keys.signer(), endpoint, { principal }, { kind: 'arm', value: endpoint.url });
  const verify = (token: string, keys: SigningKeys): Promise<unknown> =>
    createTokenVerifier(keys, endpoint).verify(token, environment.now());
  const ids = async (keys: SigningKeys): Promise<readonly (string | undefined)[]> =>
    (await keys.published()).map(({ kid }) => kid);

  test('two control planes verify what the other signs, and each keeps its own private key', async () => {
    const files = [keyFile(), keyFile()] as const;
    const one = await open(files[0]);
    const two = await open(files[1]);
    await verify(await issue(one), two);
    await verify(await issue(two), one);
    expect((await ids(two)).length).toBe(2);
    expect(files[0].text).not.toBe(files[1].text);
    const rows = await store.read.selectFrom('signing_keys').select('public_jwk').execute();
    for (const { public_jwk } of rows) expect(JSON.parse(public_jwk)).not.toHaveProperty('d');
  });

  test('by age: a new key after 30 days, what the old one signed is good for its hour, and JWKS shows both until then', async () => {
    const file = keyFile();
    const keys = await open(file);
    const first = (await keys.signer()).keyId;
    environment.pass(30 * 24 * 3600 - 60);
    expect((await keys.signer()).keyId).toBe(first);
    const old = await issue(keys);
    environment.pass(120);
    const second = (await keys.signer()).keyId;
    expect(second).not.toBe(first);
    await verify(old, keys);
    await verify(await issue(keys), keys);
    expect(await ids(keys)).toEqual(expect.arrayContaining([first, second]));
    // The same after a start.
    const again = await open(file);
    expect((await again.signer()).keyId).toBe(second);
    await verify(old, again);
    environment.pass(2 * 3600);
    await expect(verify(old, keys)).rejects.toThrow('known here');
    expect(await ids(keys)).not.toContain(first);
  });

  test('T17 a key that was retired signs nothing new, whoever has it', async () => {
    const file = keyFile();
    const keys = await open(file);
    const stolen = await readSigningKey(file.text ?? '');
    environment.pass(31 * 24 * 3600);
    await keys.signer();
    environment.pass(600);
    const subject = { principal };
    const forged = await issueAccessToken(environment, stolen, endpoint, subject, { kind: 'arm', value: endpoint.url });
    await expect(verify(forged, keys)).rejects.toThrow('was not issued while its key was in use');
  });

  test('a key that was deleted ends its tokens everywhere, and does not come back with its file', async () => {
    const file = keyFile();
    const one = await open(file);
    const two = await open(keyFile());
    const token = await issue(one);
    await verify(token, two);
    const revoked = (await one.signer()).keyId;
    await store.observe(async (writer) => ({
      value: await writer.deleteFrom('signing_keys').where('key_id', '=', revoked).execute(),
      events: [],
    }));
    environment.pass(31);
    await expect(verify(token, one)).rejects.toThrow('known here');
    await expect(verify(token, two)).rejects.toThrow('known here');
    expect((await one.signer()).keyId).not.toBe(revoked);
    expect((await (await open(file)).signer()).keyId).not.toBe(revoked);
  });

  test('T10 algorithm, type and key id choose nothing but one of our keys', async () => {
    const file = keyFile();
    const keys = await open(file);
    const own = await keys.signer();
    const claims = { oid: 'o', appid: 'c', tid: tenant };
    const signed = (
      header: { alg: string; kid?: string; typ?: string },
      key: Parameters<SignJWT['sign']>[0],
    ): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ typ: 'at+jwt', ...header })
        .setIssuer(`${endpoint.url}/${tenant}/v2.0`)
        .setAudience(endpoint.url)
        .setIssuedAt(Math.floor(environment.now() / 1000))
        .setExpirationTime(Math.floor(environment.now() / 1000) + 600)
        .sign(key);
    const { keyId } = own;
    await verify(await signed({ alg: 'ES256', kid: keyId }, own.privateKey), keys);
    const other = await readSigningKey(await createSigningKeyText());
    const publicKeyAsSecret = new TextEncoder().encode(JSON.stringify(own.publicJwk));
    for (const forged of [
      // Another key under our id, under its own, and under none.
      await signed({ alg: 'ES256', kid: keyId }, other.privateKey),
      await signed({ alg: 'ES256', kid: other.keyId }, other.privateKey),
      await signed({ alg: 'ES256' }, own.privateKey),
      // The public key as a shared secret.
      await signed({ alg: 'HS256', kid: keyId }, publicKeyAsSecret),
      // An id that is a path, a question to the database, or very long.
      ...(await Promise.all(
        ['../../etc/passwd', "x' OR '1'='1", 'x'.repeat(4000)].map((kid) =>
          signed({ alg: 'ES256', kid }, other.privateKey),
        ),
      )),
      // An id token is no access token.
      await signed({ alg: 'ES256', kid: keyId, typ: 'JWT' }, own.privateKey),
      // No signature at all.
      `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: keyId })).toString('base64url')}.${(await signed({ alg: 'ES256', kid: keyId }, own.privateKey)).split('.')[1] ?? ''}.`,
    ])
      await expect(verify(forged, keys)).rejects.toBeInstanceOf(errors.JOSEError);
    // Longer than tokens live here: not of our making.
    const long = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keyId })
      .setIssuer(`${endpoint.url}/${tenant}/v2.0`)
      .setAudience(endpoint.url)
      .setIssuedAt(Math.floor(environment.now() / 1000))
      .setExpirationTime(Math.floor(environment.now() / 1000) + 7200)
      .sign(own.privateKey);
    await expect(verify(long, keys)).rejects.toThrow('while its key was in use');
  });
});
