/** Lists in pages: `value` and, while there is more, an absolute `nextLink` that goes on after the last key (arm-api §1.4). */
import { ArmError } from './arm-error.ts';
import type { ArmRequest } from './arm-request.ts';

export interface PageRequest {
  /** Rows after this key; undefined for the first page. */
  readonly after: string | undefined;
  readonly size: number;
}

/** Most rows a page may have, whatever `$top` asks for. */
const largestPage = 1000;

/** What page a request asks for. `defaultSize` is used without `$top`. Throws {@link ArmError} for malformed parameters. */
export function pageRequest(request: Pick<ArmRequest, 'query'>, defaultSize: number): PageRequest {
  const top = request.query.get('$top');
  if (top !== undefined && !/^[1-9][0-9]{0,8}$/.test(top)) {
    throw new ArmError('InvalidParameter', `The $top '${top.slice(0, 20)}' is not a positive number.`);
  }
  const token = request.query.get('$skiptoken');
  return {
    after: token === undefined || token === '' ? undefined : decodeToken(token),
    size: Math.min(top === undefined ? defaultSize : Number(top), largestPage),
  };
}

/**
 * The body of a page. `rows` may hold one more than the page's size, which tells that there is more; `keyOf` gives the key
 * that the next page goes on after. All of them may be seen by the caller: a link names one, and a page that is empty and goes on says that
 * there is more (T86).
 */
export function page<Row>(
  endpoint: string,
  request: Pick<ArmRequest, 'path' | 'query'>,
  wanted: PageRequest,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  show: (row: Row) => unknown,
): { readonly value: readonly unknown[]; readonly nextLink?: string } {
  const shown = rows.slice(0, wanted.size);
  const last = shown.at(-1);
  const value = shown.map(show);
  if (rows.length <= wanted.size || last === undefined) return { value };
  const query = new URLSearchParams([...request.query]);
  query.set('$skiptoken', Buffer.from(keyOf(last), 'utf8').toString('base64url'));
  return { value, nextLink: `${endpoint}${request.path}?${query.toString()}` };
}

function decodeToken(token: string): string {
  if (!/^[A-Za-z0-9_-]{1,2000}$/.test(token)) throw malformed();
  const key = Buffer.from(token, 'base64url').toString('utf8');
  // No key has a zero character, and PostgreSQL takes none.
  if (!key.includes('\0')) return key;
  throw malformed();
}

function malformed(): ArmError {
  return new ArmError(
    'InvalidParameter',
    'The $skiptoken is malformed. Use the nextLink of the previous page as it is.',
  );
}
