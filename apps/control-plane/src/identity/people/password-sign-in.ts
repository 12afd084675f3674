/** A person signs in with user name and password. Every failure says the same and takes as long, whatever was wrong. */
import { requestEvents, type ActivityEvents } from '../../activity-log/events-of.ts';
import { ownOrigin } from '../../activity-log/own-origin.ts';
import type { Environment } from '../../environment.ts';
import type { Store } from '../../store/store.ts';
import { passwordCost, secretMatches } from '../credentials/secret-hash.ts';
import { principalOfClient, type Principal } from '../principals.ts';
import { blockedUntil, forgottenAfter } from './sign-in-throttle.ts';

/** Longest name and password that are looked at: hashing a book is work too (T19). */
const longestName = 200;
export const longestPassword = 256;

export type PasswordSignIn =
  | { readonly outcome: 'person'; readonly person: Principal }
  | { readonly outcome: 'wrong' }
  /** Too many failures: not even looked at. `seconds` until it is again. */
  | { readonly outcome: 'blocked'; readonly seconds: number };

/** Checks name and password, counts failures, and puts sign-ins and blocks on record. */
export async function signInWithPassword(
  environment: Environment,
  store: Store,
  tenantId: string,
  name: string,
  password: string,
  clientIpAddress: string,
): Promise<PasswordSignIn> {
  const key = name.trim().toLowerCase().slice(0, longestName);
  const now = environment.now();
  const failed = await store.read
    .selectFrom('sign_in_failures')
    .selectAll()
    .where('name_key', '=', key)
    .executeTakeFirst();
  if (failed !== undefined && failed.blocked_until > now)
    return { outcome: 'blocked', seconds: Math.ceil((failed.blocked_until - now) / 1000) };
  const found = await principalOfClient(store.read, key);
  const person = found?.kind === 'User' ? found : undefined;
  const tried = password.length > longestPassword ? '' : password;
  const matches = await secretMatches(tried, person?.secret_hash ?? undefined, passwordCost);
  const right = matches && person !== undefined;
  const events = (outcome: 'Succeeded' | 'Failed', message: string): ActivityEvents => {
    const resourceId = `/providers/Sallyport.Identity/users/${key}`;
    const origin = {
      ...ownOrigin(environment, tenantId, '', resourceId, 'Sallyport.Identity/users/signIn/action'),
      caller: key,
      clientIpAddress,
    };
    const blocked = { status: 'Failed', subStatus: 'Forbidden', error: { code: 'SignInBlocked', message } } as const;
    return requestEvents(
      environment,
      origin,
      outcome === 'Succeeded' ? { status: 'Succeeded', subStatus: 'OK' } : blocked,
    );
  };
  return store.observe<PasswordSignIn>(async (writer) => {
    await writer
      .deleteFrom('sign_in_failures')
      .where('failed_at', '<', now - forgottenAfter)
      .execute();
    if (right) {
      await writer.deleteFrom('sign_in_failures').where('name_key', '=', key).execute();
      return { value: { outcome: 'person', person }, events: events('Succeeded', '') };
    }
    // Counted as it stands now: tries at the same time count each.
    const row = await writer
      .selectFrom('sign_in_failures')
      .select('failures')
      .where('name_key', '=', key)
      .executeTakeFirst();
    const failures = (row?.failures ?? 0) + 1;
    const values = { failures, failed_at: now, blocked_until: blockedUntil(failures, now) };
    await writer
      .insertInto('sign_in_failures')
      .values({ name_key: key, ...values })
      .onConflict((conflict) => conflict.column('name_key').doUpdateSet(values))
      .execute();
    // A name that exists and is being guessed at is on record; names that do not exist would fill it with anything.
    const recorded = person !== undefined && values.blocked_until > 0;
    const message = `Sign-in is blocked after ${failures} failures in a row.`;
    return { value: { outcome: 'wrong' }, events: recorded ? events('Failed', message) : [] };
  });
}
