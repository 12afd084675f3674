/**
 * Forms are taken only from pages of ours (T77): a random value in a cookie and in the form are the same, and the browser, where it
 * says so, says that the form is from here. The cookie is sent by pages of this host only (SameSite) and cannot be set by others (__Host-).
 */
import { timingSafeEqual } from 'node:crypto';
import type { Environment } from '../../../environment.ts';
import type { Endpoint } from '../../endpoint.ts';
import { newOpaqueToken } from '../../opaque-token.ts';

const cookieName = '__Host-sallyport-form';
/** The name of the field. */
export const formField = 'form_key';

function keyInCookie(request: Request): string | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/);
  const value = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** The value for the form of a page, and the header that sets its cookie. One for a browser, so that two tabs do not spoil each other. */
export function formKey(
  request: Request,
  environment: Environment,
): { readonly key: string; readonly headers: Readonly<Record<string, string>> } {
  const key = keyInCookie(request) ?? newOpaqueToken(environment);
  return { key, headers: { 'set-cookie': `${cookieName}=${key}; Path=/; Secure; HttpOnly; SameSite=Strict` } };
}

/** Whether a form comes from a page of ours. */
export function isOwnForm(request: Request, form: URLSearchParams, endpoint: Endpoint): boolean {
  const origin = request.headers.get('origin');
  if (origin !== null && !endpoint.origins.includes(origin)) return false;
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const sent = Buffer.from(form.get(formField) ?? '');
  const kept = Buffer.from(keyInCookie(request) ?? '');
  return kept.length > 0 && sent.length === kept.length && timingSafeEqual(sent, kept);
}
