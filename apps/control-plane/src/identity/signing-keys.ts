/**
 * The keys that tokens are signed and verified with. Each control plane signs with a key of its own, whose private half never
 * leaves its state directory; public halves are in the store, so that every control plane on it verifies what the others sign,
 * and who reads the store can sign nothing. A key is retired by age or by command; what it signed before stays good until it
 * expires (decision 0131).
 */
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { requestEvents } from '../activity-log/events-of.ts';
import { ownOrigin } from '../activity-log/own-origin.ts';
import type { Environment } from '../environment.ts';
import type { SigningKeyRow } from '../store/schema/identity-rows.ts';
import type { Store } from '../store/store.ts';
import { createSigningKeyText, readSigningKey, type SigningKey } from './signing-key.ts';
import { tokenLifetime } from './token-lifetime.ts';

/** A key is used to sign for this long. */
const longestUse = 30 * 24 * 3_600_000;
/** How long what was read of the store may be gone by, should the ring of whoever changed it be lost. */
const freshFor = 30_000;
/** Rung when keys were retired or revoked. */
const keysBell = 'signing-keys';
/** An unknown key id is looked for in the store again, this often at most: whoever invents ids causes no flood of reads (T19). */
const lookAgainAfter = 2_000;
/** A retired key may have signed a little longer: another control plane hears of it later, and clocks differ. */
const grace = freshFor + 60_000;

export interface VerifyingKey {
  readonly key: CryptoKey;
  /** Tokens issued after this are not from whoever held the key in its time. Milliseconds since 1970. */
  readonly signedUntil: number;
}

export interface SigningKeys {
  /** The key to sign with now: a new one when the last was retired, revoked or grew too old. */
  signer(): Promise<SigningKey>;
  /** The key of an id (`kid`), undefined when there is none or it is over. */
  verifier(keyId: string): Promise<VerifyingKey | undefined>;
  /** Looks at the store at once, and lets the others do so: for whoever retired or revoked a key and wants to see it done. */
  renew(): Promise<void>;
  /** What `jwks_uri` shows: every key that some valid token may be signed with. */
  published(): Promise<readonly JWK[]>;
}

/** Where the private half is kept. */
export interface KeyFile {
  read(): string | undefined;
  write(text: string): void;
}

/** The last moment that a token of a key can be valid. */
function overAt({ retired_at }: SigningKeyRow): number {
  return retired_at === null ? Number.POSITIVE_INFINITY : retired_at + grace + tokenLifetime * 1000;
}

/** Opens the keys of a control plane: its own is made, or made known to the others. */
export async function openSigningKeys(
  environment: Environment,
  store: Store,
  file: KeyFile,
  tenantId: string,
): Promise<SigningKeys> {
  let rows: ReadonlyMap<string, SigningKeyRow> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  const kept = file.read();
  let own = kept === undefined ? undefined : await readSigningKey(kept);
  let asking: Promise<SigningKey> | undefined;
  const imported = new Map<string, CryptoKey>();

  /** Counts what may have changed the keys: what was read before the last of it is stale. */
  let changes = 0;
  let reading: { readonly changes: number; readonly rows: Promise<ReadonlyMap<string, SigningKeyRow>> } | undefined;

  function stale(): void {
    changes += 1;
    readAt = Number.NEGATIVE_INFINITY;
  }

  async function load(): Promise<ReadonlyMap<string, SigningKeyRow>> {
    const at = environment.now();
    const before = changes;
    const found = await store.read.selectFrom('signing_keys').selectAll().execute();
    const loaded = new Map(found.filter((row) => overAt(row) > at).map((row) => [row.key_id, row]));
    // Something was changed while this was read: whoever looks after the change must not be answered with it.
    if (before === changes) {
      rows = loaded;
      readAt = at;
    }
    return loaded;
  }

  /** Those that come together share one query. */
  function read(olderThan: number): Promise<ReadonlyMap<string, SigningKeyRow>> {
    if (environment.now() - readAt < olderThan) return Promise.resolve(rows);
    if (reading?.changes === changes) return reading.rows;
    const loading = load().finally(() => {
      if (reading?.rows === loading) reading = undefined;
    });
    reading = { changes, rows: loading };
    return loading;
  }

  // A revoked key is refused here as soon as whoever revoked it has told, which is as long as LISTEN and NOTIFY take.
  await store.bells.listen((bell) => {
    if (bell === undefined || bell === keysBell) stale();
  });

  /** Puts a new key in the place of the own one: known to all first, then kept, then signed with. */
  async function replace(next: SigningKey, text: string, old: string | undefined): Promise<void> {
    const now = environment.now();
    const resourceId = `/providers/Sallyport.Identity/signingKeys/${next.keyId}`;
    const origin = ownOrigin(environment, tenantId, '', resourceId, 'Sallyport.Identity/signingKeys/write');
    await store.change(async (writer) => {
      const over = now - grace - tokenLifetime * 1000;
      await writer.deleteFrom('signing_keys').where('retired_at', '<', over).execute();
      if (old !== undefined) {
        await writer
          .updateTable('signing_keys')
          .set({ retired_at: now })
          .where('key_id', '=', old)
          .where('retired_at', 'is', null)
          .execute();
      }
      await writer
        .insertInto('signing_keys')
        .values({
          key_id: next.keyId,
          public_jwk: JSON.stringify(next.publicJwk),
          created_at: now,
          retired_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return {
        value: undefined,
        events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'Created' }),
      };
    });
    file.write(text);
    own = next;
    stale();
  }

  async function current(): Promise<SigningKey> {
    if (own !== undefined) {
      const row = (await read(freshFor)).get(own.keyId);
      if (row?.retired_at === null && environment.now() - row.created_at < longestUse) return own;
    }
    const text = await createSigningKeyText();
    const next = await readSigningKey(text);
    await replace(next, text, own?.keyId);
    return next;
  }

  // A file from before the store knew of keys goes on being used; a key that was revoked does not come back.
  if (own !== undefined && kept !== undefined && (await read(0)).size === 0) await replace(own, kept, undefined);
  await current();

  // One at a time: two at once would make two keys.
  function signer(): Promise<SigningKey> {
    asking ??= current().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  return {
    signer,
    renew: async () => {
      stale();
      store.bells.ring(keysBell);
      await signer();
    },
    verifier: async (keyId) => {
      const row = (await read(freshFor)).get(keyId) ?? (await read(lookAgainAfter)).get(keyId);
      if (row === undefined || overAt(row) <= environment.now()) return undefined;
      const known = imported.get(keyId);
      const key = known ?? ((await importJWK(JSON.parse(row.public_jwk) as JWK, 'ES256')) as CryptoKey);
      if (imported.size > 100) imported.clear();
      imported.set(keyId, key);
      return { key, signedUntil: row.retired_at === null ? Number.POSITIVE_INFINITY : row.retired_at + grace };
    },
    published: async () => {
      const now = environment.now();
      return [...(await read(freshFor)).values()]
        .filter((row) => overAt(row) > now)
        .map((row) => JSON.parse(row.public_jwk) as JWK);
    },
  };
}
