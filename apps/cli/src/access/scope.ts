/** Scopes as people name them on the command line. */
import { CodedError } from '@sallyport/model';
import type { Connection } from '../connection/connection-file.ts';

/** The scope of a flag: an id, `/`, or left out for the connection's subscription. Throws {@link CodedError} `MalformedInput`. */
export function scopeOf(connection: Connection, flag: string | undefined): string {
  if (flag === undefined) return `/subscriptions/${connection.subscriptionId}`;
  if (flag.startsWith('/')) return flag;
  throw new CodedError(
    'MalformedInput',
    `--scope: '${flag}' is no scope. It is '/', '/subscriptions/ID' or the id of a group or resource.`,
  );
}

/** The path of something of `Microsoft.Authorization` at a scope. */
export function authorizationPath(scope: string, rest: string): string {
  return `${scope === '/' ? '' : scope.replace(/\/$/, '')}/providers/Microsoft.Authorization/${rest}`;
}
