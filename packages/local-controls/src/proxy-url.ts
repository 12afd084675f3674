/** `proxy.url`: what everyone may see of it, and the credentials that only the administrator may. */
import { parsed, refused, type Parsed } from './parsed.ts';
import type { ValueKind } from './value-kind.ts';

export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

export interface ProxyUrl {
  /** Without credentials; `***@` stands in their place. This is what is stored in the file anyone may read. */
  readonly shown: string;
  readonly credentials?: ProxyCredentials;
}

const redacted = '***@';
const mostCharacters = 2048;
/** The user information ends at the last `@`, so that a password may hold one. No path, no query. */
const form = /^(https?):\/\/(?:(.*)@)?((?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?)\/?$/i;
const reason = 'it must have the form http://host:port or http://user:password@host:port, with http or https';

/** Splits a proxy's address. No reason quotes the text: it may hold a password. */
export function parseProxyUrl(text: string): Parsed<ProxyUrl> {
  const parts = form.exec(text.trim());
  if (parts === null || text.length > mostCharacters) return refused(reason);
  const [, scheme = '', user, host = ''] = parts;
  const bare = `${scheme}://${host}`;
  if (!URL.canParse(bare)) return refused(reason);
  if (user === undefined) return parsed({ shown: bare });
  if (user === '***')
    return refused('its credentials are the *** that stand for those already stored; give them in full');
  const colon = user.indexOf(':');
  const credentials = {
    user: decoded(colon < 0 ? user : user.slice(0, colon)),
    password: decoded(colon < 0 ? '' : user.slice(colon + 1)),
  };
  if (credentials.user === '' || /[\u0000-\u001f\u007f]/.test(user)) return refused(reason);
  return parsed({ shown: `${scheme}://${redacted}${host}`, credentials });
}

/** Whether credentials belong to an address as it is shown. */
export function hasProxyCredentials(shown: string): boolean {
  return shown.includes(redacted);
}

/** The address with its credentials, percent-encoded, for whoever connects. */
export function fullProxyUrl(shown: string, credentials: ProxyCredentials): string {
  const { user, password } = credentials;
  return shown.replace(redacted, () => `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
}

/** The kind of `proxy.url`. Its value is the shown form, '' for none: the secret half never enters the controls. */
export const proxyUrlKind: ValueKind<string> = {
  parse(text) {
    const result = parseProxyUrl(text);
    return result.ok ? parsed(result.value.shown) : result;
  },
  format: (value) => value,
  toJson: (value) => value,
  fromJson(json) {
    if (json === '') return parsed('');
    if (typeof json !== 'string') return refused('it must be a text');
    const result = parseProxyUrl(json.replace(redacted, ''));
    return result.ok && result.value.credentials === undefined ? parsed(json) : refused(reason);
  },
};

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A per cent sign that is meant as itself.
    return text;
  }
}
