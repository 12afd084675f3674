/** What people sign in with, against a clock that is moved: codes, sessions and refresh tokens, blocks. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eachStore } from '../../testing/each-store.ts';
import { manualEnvironment } from '../../testing/manual-environment.ts';
import type { Store, Writer } from '../../store/store.ts';
import { newAuthorizationCode, useAuthorizationCode } from './authorization-codes.ts';
import { hashPassword } from './change-password.ts';
import { answerDevice, newDeviceCode, pollDevice, readUserCode, waitingDevice } from './device-codes.ts';
import { weaknessOf } from './password-rules.ts';
import { signInWithPassword } from './password-sign-in.ts';
import { isLoopbackRedirect } from './public-clients.ts';
import { beginSession, newRefreshToken, sessionOf, useRefreshToken } from './sessions.ts';
import { blockedUntil } from './sign-in-throttle.ts';

const client = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const verifier = 'v'.repeat(43);
const challenge = createHash('sha256').update(verifier).digest('base64url');

eachStore('people', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());
  const write = <T>(work: (writer: Writer) => Promise<T>): Promise<T> =>
    store.observe(async (writer) => ({ value: await work(writer), events: [] }));
  const alive = async (sessionId: string): Promise<boolean> =>
    (await sessionOf(store.read, sessionId, environment.now())) !== undefined;

  describe('sessions', () => {
    test('T11 a refresh token that is used again after a while ends the session, of the thief and of the robbed', async () => {
      const { session, first } = await write(async (writer) => {
        const session = await beginSession(writer, environment, 'anna', client);
        return { session, first: await newRefreshToken(writer, environment, session) };
      });
      const use = (token: string, by = client): ReturnType<typeof useRefreshToken> =>
        write((writer) => useRefreshToken(writer, token, by, environment.now()));
      expect(await use(first, 'another')).toEqual({ outcome: 'unknown' });
      expect(await use('made-up')).toEqual({ outcome: 'unknown' });
      expect((await use(first)).outcome).toBe('session');
      // Two processes of one client.
      environment.pass(20);
      expect((await use(first)).outcome).toBe('session');
      const second = await write((writer) => newRefreshToken(writer, environment, session));
      environment.pass(20);
      expect((await use(first)).outcome).toBe('stolen');
      expect(await alive(session.session_id)).toBe(false);
      expect((await use(second)).outcome).toBe('unknown');
    });

    test('a session ends after a week without use, and after 30 days', async () => {
      const { session, token } = await write(async (writer) => {
        const session = await beginSession(writer, environment, 'anna', client);
        return { session, token: await newRefreshToken(writer, environment, session) };
      });
      environment.pass(7 * 24 * 3600 + 1);
      expect(await write((writer) => useRefreshToken(writer, token, client, environment.now()))).toEqual({
        outcome: 'unknown',
      });
      expect(await alive(session.session_id)).toBe(true);
      environment.pass(23 * 24 * 3600);
      expect(await alive(session.session_id)).toBe(false);
    });
  });

  describe('authorization codes', () => {
    const grant = {
      objectId: 'anna',
      clientId: client,
      redirectUri: 'http://localhost:1',
      codeChallenge: challenge,
      nonce: 'n',
    };
    const good = { clientId: client, redirectUri: 'http://localhost:1', codeVerifier: verifier };
    const newCode = (): Promise<string> => write((writer) => newAuthorizationCode(writer, environment, grant));
    const use = (code: string, over: Partial<typeof good> = {}): ReturnType<typeof useAuthorizationCode> =>
      write((writer) => useAuthorizationCode(writer, environment, { code, ...good, ...over }));

    test('T11 a code is good once; used twice it ends what it began', async () => {
      const code = await newCode();
      const begun = await use(code);
      expect(begun?.nonce).toBe('n');
      const id = begun?.session.session_id ?? '';
      expect(await alive(id)).toBe(true);
      expect(await use(code)).toBeUndefined();
      expect(await alive(id)).toBe(false);
    });

    test('T76 a code is good for the program, address and verifier that it was asked for with, and for two minutes', async () => {
      for (const over of [
        { clientId: '1950a258-227b-4e31-a9cf-717495945fc2' },
        { redirectUri: 'http://localhost:2' },
        { codeVerifier: 'w'.repeat(43) },
        { codeVerifier: '' },
        { codeVerifier: challenge },
      ]) {
        const code = await newCode();
        expect(await use(code, over)).toBeUndefined();
        // Shown to the wrong one it is over for the right one too.
        expect(await use(code)).toBeUndefined();
      }
      const late = await newCode();
      environment.pass(121);
      expect(await use(late)).toBeUndefined();
    });
  });

  describe('device codes', () => {
    const ask = async (): Promise<{ deviceCode: string; userCode: string }> => {
      const begun = await write((writer) => newDeviceCode(writer, environment, client, '192.0.2.1'));
      if (begun === undefined) throw new Error('No code.');
      return begun;
    };
    const poll = async (code: string, by = client): Promise<string> =>
      (await write((writer) => pollDevice(writer, environment, code, by))).outcome;
    const answer = async (userCode: string, said: 'approved' | 'denied'): Promise<void> => {
      const device = await waitingDevice(store.read, userCode, environment.now());
      if (device === undefined) throw new Error('Nobody waits.');
      await write((writer) => answerDevice(writer, device, said, said === 'approved' ? 'anna' : null));
    };

    test('a device waits, is told to slow down, and gets one session once somebody said yes', async () => {
      const { deviceCode, userCode } = await ask();
      expect(await poll(deviceCode)).toBe('authorization_pending');
      expect(await poll(deviceCode)).toBe('slow_down');
      environment.pass(5);
      expect(await poll(deviceCode, 'another')).toBe('expired_token');
      await answer(userCode, 'approved');
      expect(await waitingDevice(store.read, userCode, environment.now())).toBeUndefined();
      expect(await poll(deviceCode)).toBe('session');
      expect(await poll(deviceCode)).toBe('expired_token');
    });

    test('no is no, and a quarter of an hour is all there is', async () => {
      const denied = await ask();
      await answer(denied.userCode, 'denied');
      expect(await poll(denied.deviceCode)).toBe('authorization_declined');
      const late = await ask();
      environment.pass(15 * 60 + 1);
      expect(await waitingDevice(store.read, late.userCode, environment.now())).toBeUndefined();
      expect(await poll(late.deviceCode)).toBe('expired_token');
    });

    test('codes are read as people type them', async () => {
      const { userCode } = await ask();
      expect(readUserCode(` ${userCode.slice(0, 4).toLowerCase()} - ${userCode.slice(4)}`)).toBe(userCode);
      for (const text of ['', 'ABCDEFGH', `${userCode}X`, '<script>']) expect(readUserCode(text)).toBeUndefined();
    });

    test('T19 devices that wait are bounded', async () => {
      let asked = 0;
      await write(async (writer) => {
        while ((await newDeviceCode(writer, environment, client, '')) !== undefined) asked += 1;
      });
      expect(asked).toBeLessThanOrEqual(1000);
      environment.pass(15 * 60 + 1);
      await ask();
    });
  });

  test('T74 guessing is slowed: after five failures a name waits, right password or not, and so does a name that nobody has', async () => {
    const hash = await hashPassword(environment, 'correct horse battery');
    await write((writer) =>
      writer
        .insertInto('principals')
        .values({
          object_id: 'anna',
          client_id: 'anna@example.org',
          kind: 'User',
          display_name: 'Anna',
          secret_hash: hash,
          public_key: null,
          vm_id: null,
          created_at: 0,
        })
        .execute(),
    );
    const signIn = async (name: string, password: string): Promise<string> =>
      (await signInWithPassword(environment, store, 't', name, password, '192.0.2.1')).outcome;
    for (const name of ['anna@example.org', 'nobody@example.org']) {
      for (let failure = 0; failure < 5; failure += 1) expect(await signIn(name, 'guess')).toBe('wrong');
      expect(await signIn(name.toUpperCase(), 'correct horse battery')).toBe('blocked');
    }
    environment.pass(31);
    expect(await signIn(' Anna@example.org ', 'correct horse battery')).toBe('person');
    // Right once: counted from the beginning.
    expect(await signIn('anna@example.org', 'guess')).toBe('wrong');
    expect(await signIn('anna@example.org', 'x'.repeat(100_000))).toBe('wrong');
    const events = await store.read
      .selectFrom('activity_events')
      .select('event')
      .where('caller_key', '=', 'anna@example.org')
      .execute();
    const told = events.map(
      ({ event }) => (JSON.parse(event) as { readonly status: { readonly value: string } }).status.value,
    );
    expect(told).toEqual(['Started', 'Failed', 'Started', 'Succeeded']);
    expect(JSON.stringify(events)).not.toContain('guess');
  });
});

test('waits grow up to a quarter of an hour', () => {
  expect([1, 4, 5, 6, 7, 10, 100, 10_000].map((failures) => blockedUntil(failures, 0))).toEqual([
    0, 0, 30_000, 60_000, 120_000, 900_000, 900_000, 900_000,
  ]);
});

test('passwords', () => {
  const weak = (password: string): boolean => weaknessOf(password, 'annabel@example.org') !== undefined;
  expect(['short', 'x'.repeat(20), 'Annabel-2026-pass', 'y'.repeat(300)].filter((password) => !weak(password))).toEqual(
    [],
  );
  expect(weak('several words in a row')).toBe(false);
});

test.each(['http://localhost:8400', 'http://localhost:1234/', 'http://127.0.0.1:5/callback', 'http://[::1]:5/'])(
  'a code may go to %s',
  (address) => {
    expect(isLoopbackRedirect(address)).toBe(true);
  },
);

test.each([
  '',
  '/relative',
  'https://localhost:8400',
  'http://localhost.evil.test:8400',
  'http://evil.test/?x=http://localhost:8400',
  'http://localhost:8400@evil.test/',
  'http://localhost@evil.test/',
  'http://user@localhost:8400/',
  'http://localhost:8400\\@evil.test/',
  'http://localhost:8400/#fragment',
  'javascript:alert(1)//localhost',
  'urn:ietf:wg:oauth:2.0:oob',
  '//localhost:8400',
])('T77 no code goes to %s', (address) => {
  expect(isLoopbackRedirect(address)).toBe(false);
});
