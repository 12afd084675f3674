/** Where a PostgreSQL database is and who goes there: read from a URL, strictly. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { CodedError } from '@sallyport/model';

export interface PostgresAddress {
  /** A host name, an IP address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Undefined where the server asks for none: by Unix socket and peer, or by what `~/.pgpass` says. */
  readonly password: string | undefined;
  /** Undefined for no TLS. */
  readonly tls: { readonly authorities: Authorities } | undefined;
}

/** What the server's certificate is held against: the authorities that Node knows, or those of a PEM text. */
export type Authorities = { readonly kind: 'system' } | { readonly kind: 'pem'; readonly pem: string };

/** An address that cannot be used. The message never holds the password. */
export class PostgresAddressError extends CodedError<'InvalidStoreAddress'> {
  override readonly name = 'PostgresAddressError';
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidStoreAddress', message, options);
  }
}

const known = ['host', 'sslmode', 'sslrootcert'];

/**
 * Reads `postgres://user[:password]@host[:port]/database[?sslmode=…][&sslrootcert=FILE]`, or with `?host=/directory` for a Unix
 * socket. Over a network the server proves itself (`verify-full`); `disable` is for this machine and for networks that are trusted by
 * other means. The modes in between encrypt to whoever answers, and are refused. `passwordFile` names a file with the password.
 */
export function readPostgresAddress(text: string, passwordFile?: string): PostgresAddress {
  const { url, hostless } = urlOf(text);
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name))
      throw new PostgresAddressError(`The store's address has no parameter '${name}'. It has ${known.join(', ')}.`);
  }
  const host = url.searchParams.get('host') ?? (hostless ? '' : url.hostname.replace(/^\[|\]$/g, ''));
  if (host === '')
    throw new PostgresAddressError(`The store's address names no host: postgres://user@host:5432/database.`);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '' || database.includes('/'))
    throw new PostgresAddressError(`The store's address names no database: postgres://user@host:5432/database.`);
  if (url.username === '')
    throw new PostgresAddressError(`The store's address names no user: postgres://user@host:5432/database.`);
  if (url.password !== '' && passwordFile !== undefined)
    throw new PostgresAddressError('The password of the store is given twice, in its address and by a file.');
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username),
    database,
    password: passwordFile === undefined ? decodeURIComponent(url.password) || undefined : passwordIn(passwordFile),
    tls: tlsOf(url, host),
  };
}

function urlOf(text: string): { readonly url: URL; readonly hostless: boolean } {
  // A user without a host is no URL for the parser; with the directory of a socket the host is elsewhere.
  const whole = text.replace(/^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)\//, '$1socket/');
  if (!/^postgres(?:ql)?:\/\//.test(whole) || !URL.canParse(whole))
    throw new PostgresAddressError(`The store's address is not of the form postgres://user@host:5432/database.`);
  return { url: new URL(whole), hostless: whole !== text };
}

function tlsOf(url: URL, host: string): PostgresAddress['tls'] {
  const here = host.startsWith('/') || host === 'localhost' || (isIP(host) !== 0 && /^(?:127\.|::1$)/.test(host));
  const mode = url.searchParams.get('sslmode') ?? (here ? 'disable' : 'verify-full');
  const file = url.searchParams.get('sslrootcert');
  if (mode === 'disable') {
    if (file !== null)
      throw new PostgresAddressError(
        `The store's address names authorities and does without TLS: use sslmode=verify-full.`,
      );
    return undefined;
  }
  if (mode !== 'verify-full')
    throw new PostgresAddressError(
      `sslmode=${mode.slice(0, 30)} of the store's address cannot be used: it does not keep out somebody in between. There are verify-full and disable.`,
    );
  if (file === null) return { authorities: { kind: 'system' } };
  return { authorities: { kind: 'pem', pem: contentOf(file, 'The authorities of the store') } };
}

function passwordIn(file: string): string {
  const text = contentOf(file, 'The password of the store').replace(/\r?\n$/, '');
  if (text === '' || text.includes('\n'))
    throw new PostgresAddressError(`The password file '${file}' must hold the password and nothing else.`);
  return text;
}

function contentOf(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new PostgresAddressError(`${what} cannot be read from '${file}' (${reason}).`, { cause: error });
  }
}
