/**
 * Signing in at an identity provider (OpenID Connect, code flow with PKCE and nonce). What has to come back is kept in a cookie of the
 * browser that went there, so that any control plane can take the answer and nobody else's answer is taken (T77). Pure, but for randomness.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import type { Environment } from '../../environment.ts';
import { newOpaqueToken } from '../opaque-token.ts';

const cookieName = '__Host-sallyport-provider';
/** As long as somebody may take to sign in there. Seconds. */
const life = 600;
/** Browsers keep about 4 KiB of a cookie. */
const largestCookie = 3800;

const keptSchema = z.object({
  issuer: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** What the program asked of us, as it was sent. */
  request: z.string(),
});
/** What a browser that is at the provider comes back with, besides the answer. */
export type Visit = z.infer<typeof keptSchema>;

/** Begins a visit. */
export function newVisit(environment: Environment, issuer: string, request: URLSearchParams): Visit {
  const fresh = (): string => newOpaqueToken(environment);
  return { issuer, state: fresh(), nonce: fresh(), verifier: fresh(), request: request.toString() };
}

/** The header that keeps it, or undefined for what no browser would keep. Lax: the provider's page is what sends the browser back. */
export function visitCookie(visit: Visit): string | undefined {
  const value = Buffer.from(JSON.stringify(visit)).toString('base64url');
  if (value.length > largestCookie) return undefined;
  return `${cookieName}=${value}; Path=/; Max-Age=${life}; Secure; HttpOnly; SameSite=Lax`;
}

/** The header that ends it: an answer is taken once. */
export const endedVisitCookie = `${cookieName}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`;

/** The visit that an answer with this `state` belongs to, or undefined. */
export function visitOf(request: Request, state: string): Visit | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/);
  const value = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? '';
  const visit = readVisit(value);
  if (visit === undefined) return undefined;
  const [sent, kept] = [Buffer.from(state), Buffer.from(visit.state)];
  return sent.length === kept.length && timingSafeEqual(sent, kept) ? visit : undefined;
}

function readVisit(value: string): Visit | undefined {
  try {
    return z.parse(keptSchema, JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
  } catch {
    // No cookie of ours, or none any more: the same to whoever looks.
    return undefined;
  }
}

/** Where the browser goes. */
export function visitAddress(
  { state, nonce, verifier }: Visit,
  at: { readonly authorizationEndpoint: string; readonly clientId: string; readonly redirectUri: string },
): string {
  const url = new URL(at.authorizationEndpoint);
  const asked = {
    response_type: 'code',
    client_id: at.clientId,
    redirect_uri: at.redirectUri,
    scope: 'openid',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}
