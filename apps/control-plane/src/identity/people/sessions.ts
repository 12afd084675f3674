/**
 * Sessions of people. Each is one sign-in with one client; its access tokens name it and end with it. It goes on by refresh
 * tokens that are used once: one that was used comes again only from a thief or to a robbed client, and ends the session (RFC 9700 §4.14).
 */
import type { Selectable } from 'kysely';
import type { Environment } from '../../environment.ts';
import type { SessionRow } from '../../store/schema/identity-rows.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { hashOfToken, newOpaqueToken } from '../opaque-token.ts';

export type Session = Selectable<SessionRow>;

/** However often it is refreshed, a session is over after this; people sign in again. */
const longestSession = 30 * 24 * 3_600_000;
/** A session nobody refreshes is over after this. */
const longestIdle = 7 * 24 * 3_600_000;
/** Two processes of one client may use the same token at once: that is no theft yet. */
const overlap = 30_000;

/** A session that is alive, or undefined. */
export async function sessionOf(reader: Reader, sessionId: string, now: number): Promise<Session | undefined> {
  return reader
    .selectFrom('sessions')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Begins a session. Forgets those that are over. */
export async function beginSession(
  writer: Writer,
  environment: Environment,
  objectId: string,
  clientId: string,
): Promise<Session> {
  const now = environment.now();
  await writer.deleteFrom('sessions').where('expires_at', '<', now).execute();
  await writer.deleteFrom('refresh_tokens').where('expires_at', '<', now).execute();
  const session: Session = {
    session_id: environment.guid(),
    object_id: objectId,
    client_id: clientId,
    created_at: now,
    expires_at: now + longestSession,
  };
  await writer.insertInto('sessions').values(session).execute();
  return session;
}

/** A new refresh token of a session. */
export async function newRefreshToken(writer: Writer, environment: Environment, session: Session): Promise<string> {
  const token = newOpaqueToken(environment);
  await writer
    .insertInto('refresh_tokens')
    .values({
      token_hash: hashOfToken(token),
      session_id: session.session_id,
      expires_at: Math.min(environment.now() + longestIdle, session.expires_at),
      used_at: null,
    })
    .execute();
  return token;
}

/** What came of a refresh token: its session, or why there is none. */
export type Refreshed =
  | { readonly outcome: 'session'; readonly session: Session }
  | { readonly outcome: 'unknown' }
  /** It was used before: the session has been ended. */
  | { readonly outcome: 'stolen'; readonly session: Session };

/** Uses a refresh token of a client. */
export async function useRefreshToken(
  writer: Writer,
  token: string,
  clientId: string,
  now: number,
): Promise<Refreshed> {
  const hash = hashOfToken(token);
  const row = await writer.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', hash).executeTakeFirst();
  const session = row === undefined ? undefined : await sessionOf(writer, row.session_id, now);
  if (row === undefined || row.expires_at <= now || session?.client_id !== clientId) return { outcome: 'unknown' };
  if (row.used_at !== null && now - row.used_at > overlap) {
    await endSession(writer, session.session_id);
    return { outcome: 'stolen', session };
  }
  if (row.used_at === null)
    await writer.updateTable('refresh_tokens').set({ used_at: now }).where('token_hash', '=', hash).execute();
  return { outcome: 'session', session };
}

/** Ends a session: its access tokens are refused at once. */
export async function endSession(writer: Writer, sessionId: string): Promise<void> {
  await writer.deleteFrom('refresh_tokens').where('session_id', '=', sessionId).execute();
  await writer.deleteFrom('sessions').where('session_id', '=', sessionId).execute();
}

/** Ends every session of a person, codes that would begin one included. */
export async function endSessionsOf(writer: Writer, objectId: string): Promise<void> {
  const sessions = await writer.selectFrom('sessions').select('session_id').where('object_id', '=', objectId).execute();
  for (const { session_id } of sessions) await endSession(writer, session_id);
  await writer.deleteFrom('authorization_codes').where('object_id', '=', objectId).execute();
  await writer.deleteFrom('device_codes').where('object_id', '=', objectId).execute();
}
