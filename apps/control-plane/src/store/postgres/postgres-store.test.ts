/** What only PostgreSQL has: several control planes on one store, and the way to it over a network. */
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { hasPostgres, startPostgres, temporaryDirectory, type PostgresServer } from '@sallyport/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresLog } from '../../activity-log/postgres-log.ts';
import { verifyLog } from '../../activity-log/verify-log.ts';
import { createSigningKeyText, readSigningKey } from '../../identity/signing-key.ts';
import { testEvent } from '../../testing/test-event.ts';
import { inThreads, onThisThread } from '../../testing/walkers.ts';
import { openStore, type Store } from '../store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { readPostgresAddress, type PostgresAddress } from './address.ts';
import { connect } from './connect.ts';

describe.skipIf(!hasPostgres())('two control planes on one PostgreSQL', () => {
  let server: PostgresServer;
  let address: PostgresAddress;
  let stores: readonly [Store, Store];
  beforeAll(async () => {
    server = await startPostgres();
    address = readPostgresAddress(server.database());
    // At once: one brings the database up to date, the other waits for it.
    stores = await Promise.all([openStore('', address), openStore('', address)]);
  });
  afterAll(async () => {
    for (const store of stores ?? []) await store.close();
    await server?.stop();
  });

  const count = (store: Store): Promise<void> =>
    store.change(async (writer) => {
      const group = await writer.selectFrom('resource_groups').select('created_at').executeTakeFirst();
      // Whoever could come in between would read the same.
      await new Promise((resolve) => setImmediate(resolve));
      const row = { subscription_id: 's', name_key: 'g', name: 'g', location: 'l', tags: '{}', created_at: 1 };
      if (group === undefined) await writer.insertInto('resource_groups').values(row).execute();
      else
        await writer
          .updateTable('resource_groups')
          .set({ created_at: group.created_at + 1 })
          .execute();
      return { value: undefined, events: [testEvent()] };
    });

  test('S2.2 T66 what one has read stays true until it has written, over both of them, and the log is one chain', async () => {
    const both = Array.from({ length: 60 }, (_, index) => count(stores[index % 2 === 0 ? 0 : 1]));
    await Promise.all(both);
    expect(await stores[0].read.selectFrom('resource_groups').select('created_at').execute()).toEqual([
      { created_at: 60 },
    ]);
    const { publicKey } = await readSigningKey(await createSigningKeyText());
    const log = await postgresLog(address);
    const whole = await verifyLog(log, [], publicKey, onThisThread(1));
    expect(whole).toMatchObject({ events: 60 });
    expect(await verifyLog(log, [], publicKey, inThreads(2))).toEqual(whole);
    await log.close();
  });

  test('S5 a large table of which PostgreSQL knows nothing yet, as after a restore, is counted before it is asked', async () => {
    const restored = readPostgresAddress(server.database());
    await (await openStore('', restored)).close();
    const db = connect(restored, 1);
    /** How many rows PostgreSQL plans for. */
    const known = async (table: string): Promise<number | undefined> => {
      const found = sql<{ readonly rows: number }>`SELECT reltuples AS rows FROM pg_class WHERE relname = ${table}`;
      return (await found.execute(db)).rows[0]?.rows;
    };
    try {
      // Else PostgreSQL itself might come first.
      for (const table of ['resource_groups', 'subscriptions'])
        await sql`ALTER TABLE ${sql.table(table)} SET (autovacuum_enabled = off)`.execute(db);
      await sql`INSERT INTO resource_groups (subscription_id, name_key, name, location, tags, created_at)
        SELECT 's', number::text, repeat('n', 90), 'here', repeat('t', 90), 1 FROM generate_series(1, 9000) number`.execute(
        db,
      );
      await sql`INSERT INTO subscriptions (subscription_id, tenant_id, display_name) VALUES ('s', 't', 'd')`.execute(
        db,
      );
      expect(await known('resource_groups')).toBeLessThanOrEqual(0);
      await (await openStore('', restored)).close();
      expect(await known('resource_groups')).toBe(9000);
      // Of small ones nothing has to be known.
      expect(await known('subscriptions')).toBeLessThanOrEqual(0);
    } finally {
      await db.destroy();
    }
  });

  test('what one rings the other hears, however many at once', async () => {
    const heard = new Set<string | undefined>();
    await stores[1].bells.listen((vmId) => heard.add(vmId));
    const rung = Array.from({ length: 500 }, (_, index) => `machine-${index}-${'x'.repeat(20)}`);
    for (const vmId of rung) stores[0].bells.ring(vmId);
    await expect.poll(() => heard.size, { timeout: 30_000 }).toBe(500);
    expect(heard).toEqual(new Set(rung));
  });

  test('a task is done by one of them at a time; what has to be done is waited for', async () => {
    const done: string[] = [];
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let started = (): void => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const first = stores[0].lead('task', async () => {
      started();
      await held;
      done.push('first');
    });
    await running;
    await stores[1].lead('task', () => Promise.resolve(void done.push('skipped')));
    await stores[1].lead('another', () => Promise.resolve(void done.push('another')));
    const waiting = stores[1].alone('task', () => Promise.resolve(void done.push('waited')));
    go();
    await Promise.all([first, waiting]);
    await stores[1].lead('task', () => Promise.resolve(void done.push('later')));
    expect(done).toEqual(['another', 'first', 'waited', 'later']);
  });

  test('one that goes away in the middle of a change leaves nothing of it, and the other goes on', async () => {
    const failing = stores[0].change(async (writer) => {
      await writer.deleteFrom('resource_groups').execute();
      server.run(
        server.urlOf(address.database),
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND granted`,
      );
      await writer.deleteFrom('activity_events').execute();
      return { value: undefined, events: [testEvent()] };
    });
    await expect(failing).rejects.toThrow(StoreUnavailable);
    await Promise.all([count(stores[1]), count(stores[0])]);
    expect(await stores[0].read.selectFrom('resource_groups').select('created_at').execute()).toEqual([
      { created_at: 62 },
    ]);
  });
});

describe.skipIf(!hasPostgres())('PostgreSQL over a network', () => {
  const folder = temporaryDirectory('tls');
  let server: PostgresServer;
  let port: number;
  const file = (name: string, content: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const authorityFile = join(folder.path, 'ca.pem');
  const otherFile = join(folder.path, 'other.pem');
  beforeAll(async () => {
    const authority = await createAuthority('database CA', Date.now());
    const other = await createAuthority('another CA', Date.now());
    const certificate = await issueServerCertificate(authority, ['localhost'], Date.now());
    writeFileSync(authorityFile, authority.certificatePem);
    writeFileSync(otherFile, other.certificatePem);
    port = await freePort();
    server = await startPostgres({
      settings: [
        'listen_addresses=127.0.0.1',
        `port=${port}`,
        'ssl=on',
        'ssl_cert_file=server.pem',
        'ssl_key_file=server.key',
      ],
      files: { 'server.pem': certificate.certificatePem, 'server.key': certificate.keyPem },
      access: ['local all all trust', 'hostssl all all 127.0.0.1/32 scram-sha-256'],
    });
    server.run(server.urlOf('postgres'), "CREATE ROLE plane LOGIN PASSWORD 'a word'");
    server.run(server.urlOf('postgres'), 'CREATE DATABASE plane OWNER plane');
  });
  afterAll(async () => {
    await server?.stop();
    folder.remove();
  });
  const open = async (query: string, password: string, host = 'localhost'): Promise<void> => {
    const address = readPostgresAddress(`postgres://plane@${host}:${port}/plane?${query}`, file('password', password));
    await (await openStore('', address)).close();
  };

  test('T76 with its certificate and the password it is opened; the user owns its database and nothing else', async () => {
    await open(`sslmode=verify-full&sslrootcert=${authorityFile}`, 'a word\n');
  });

  test('T76 another authority, another name, a wrong password and no TLS are refused, without the password in the message', async () => {
    const cases = [
      open(`sslmode=verify-full&sslrootcert=${otherFile}`, 'a word'),
      open(`sslmode=verify-full&sslrootcert=${authorityFile}`, 'a word', '127.0.0.1'),
      open('sslmode=verify-full', 'a word'),
      open(`sslmode=verify-full&sslrootcert=${authorityFile}`, 'canary'),
      open('sslmode=disable', 'a word'),
    ];
    for (const outcome of await Promise.allSettled(cases)) {
      expect(outcome.status).toBe('rejected');
      expect(String(outcome.status === 'rejected' ? outcome.reason : '')).not.toContain('canary');
    }
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
