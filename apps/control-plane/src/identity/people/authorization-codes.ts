/** Codes that a browser carries from the sign-in page to the program that asked (RFC 6749 §4.1), bound to it by PKCE (RFC 7636). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Environment } from '../../environment.ts';
import type { Writer } from '../../store/store.ts';
import { hashOfToken, newOpaqueToken } from '../opaque-token.ts';
import { beginSession, endSession, type Session } from './sessions.ts';

/** Long enough for a browser to carry it over. */
const life = 2 * 60_000;

/** What a code stands for. */
export interface CodeGrant {
  readonly objectId: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** SHA-256 of the verifier, base64url. */
  readonly codeChallenge: string;
  readonly nonce: string;
}

/** A fresh code. Forgets those that are over. */
export async function newAuthorizationCode(
  writer: Writer,
  environment: Environment,
  grant: CodeGrant,
): Promise<string> {
  const now = environment.now();
  await writer.deleteFrom('authorization_codes').where('expires_at', '<', now).execute();
  const code = newOpaqueToken(environment);
  await writer
    .insertInto('authorization_codes')
    .values({
      code_hash: hashOfToken(code),
      object_id: grant.objectId,
      client_id: grant.clientId,
      redirect_uri: grant.redirectUri,
      code_challenge: grant.codeChallenge,
      nonce: grant.nonce,
      expires_at: now + life,
      session_id: null,
    })
    .execute();
  return code;
}

export interface CodeUse {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/** The session that a code begins, with the nonce of its id token; undefined when the code is not good for it. */
export async function useAuthorizationCode(
  writer: Writer,
  environment: Environment,
  use: CodeUse,
): Promise<{ readonly session: Session; readonly nonce: string } | undefined> {
  const hash = hashOfToken(use.code);
  const row = await writer
    .selectFrom('authorization_codes')
    .selectAll()
    .where('code_hash', '=', hash)
    .executeTakeFirst();
  if (row === undefined || row.expires_at <= environment.now()) return undefined;
  if (row.session_id !== null) {
    // Twice: one of the two is a thief, and nobody can tell which.
    await endSession(writer, row.session_id);
    return undefined;
  }
  const right =
    row.client_id === use.clientId &&
    row.redirect_uri === use.redirectUri &&
    answers(use.codeVerifier, row.code_challenge);
  // A code that was shown with a wrong verifier is in wrong hands.
  if (!right) {
    await writer.deleteFrom('authorization_codes').where('code_hash', '=', hash).execute();
    return undefined;
  }
  const session = await beginSession(writer, environment, row.object_id, row.client_id);
  await writer
    .updateTable('authorization_codes')
    .set({ session_id: session.session_id })
    .where('code_hash', '=', hash)
    .execute();
  return { session, nonce: row.nonce };
}

function answers(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const actual = createHash('sha256').update(verifier).digest();
  const expected = Buffer.from(challenge, 'base64url');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
