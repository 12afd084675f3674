/** The functions of expressions that need nothing but their arguments. One row each: how many arguments, and what it gives. */
import { createHash } from 'node:crypto';
import { isList, isObject, member, type Json, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';

export interface PureFunction {
  readonly least: number;
  readonly most: number;
  readonly call: (args: readonly Json[]) => Json;
}

function wrong(what: string, value: Json | undefined): PolicyError {
  return new PolicyError(
    'PolicyEvaluationFailed',
    `${what} was expected, and '${JSON.stringify(value ?? null).slice(0, 100)}' was given.`,
  );
}

function text(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return written(value);
  throw wrong('A text', value);
}

function whole(value: Json | undefined): number {
  const number = typeof value === 'string' && /^-?[0-9]+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw wrong('A whole number', value);
}

function truth(value: Json | undefined): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw wrong('true or false', value);
}

function list(value: Json | undefined): readonly Json[] {
  if (isList(value)) return value;
  throw wrong('A list', value);
}

/** Equality of expressions: texts as they are written, everything else by content. */
function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function order(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [text(a), text(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sized(value: Json | undefined): number {
  if (typeof value === 'string' || isList(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw wrong('A text, a list or an object', value);
}

function empty(value: Json | undefined): boolean {
  return value === null || value === undefined || sized(value) === 0;
}

function common(args: readonly Json[]): Json {
  const [first, ...others] = args;
  if (isObject(first)) {
    return Object.fromEntries(
      Object.entries(first).filter(([name, value]) =>
        others.every((other) => isObject(other) && Object.hasOwn(other, name) && same(other[name], value)),
      ),
    );
  }
  return distinct(list(first).filter((one) => others.every((other) => list(other).some((item) => same(item, one)))));
}

function together(args: readonly Json[]): Json {
  if (args.every(isObject)) return args.reduce<Json>(merged, {});
  return distinct(args.flatMap((one) => list(one)));
}

/** The second over the first; objects within them too, lists as a whole. */
function merged(under: Json, over: Json): Json {
  if (!isObject(under) || !isObject(over)) return over;
  const names = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.hasOwn(over, name) ? merged(under[name] ?? null, over[name] ?? null) : (under[name] ?? null),
    ]),
  );
}

function distinct(items: readonly Json[]): readonly Json[] {
  return items.filter((item, index) => items.findIndex((other) => same(item, other)) === index);
}

function part(value: Json | undefined, from: number, to?: number): Json {
  return typeof value === 'string' ? value.slice(from, to) : list(value).slice(from, to);
}

function format(args: readonly Json[]): Json {
  return text(args[0]).replace(/\{([0-9]+)(?::[^}]*)?\}/g, (_all, index: string) => text(args[Number(index) + 1]));
}

function ipNumber(address: string): number {
  const parts = address.split('.').map(Number);
  const valid = parts.length === 4 && parts.every((one) => Number.isInteger(one) && one >= 0 && one <= 255);
  if (!valid) throw wrong('An IPv4 address', address);
  return parts.reduce((sum, one) => sum * 256 + one, 0);
}

function ipRange(range: string): readonly [number, number] {
  const [first = '', last] = range.split('-').map((one) => one.trim());
  if (last !== undefined) return [ipNumber(first), ipNumber(last)];
  const [address = '', bits = '32'] = first.split('/');
  if (!/^(?:[0-9]|[12][0-9]|3[0-2])$/.test(bits)) throw wrong('An IPv4 range', range);
  const size = 2 ** (32 - Number(bits));
  const from = Math.floor(ipNumber(address) / size) * size;
  return [from, from + size - 1];
}

function ipRangeContains(args: readonly Json[]): Json {
  const [outer, inner] = [ipRange(text(args[0])), ipRange(text(args[1]))];
  return outer[0] <= inner[0] && inner[1] <= outer[1];
}

function guid(args: readonly Json[]): Json {
  const hex = createHash('sha256').update(args.map(text).join('-')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function objectOf(args: readonly Json[]): Json {
  if (args.length % 2 !== 0) throw wrong('A value for each name', args.at(-1));
  return Object.fromEntries(args.flatMap((name, i) => (i % 2 === 0 ? [[text(name), args[i + 1] ?? null]] : [])));
}

function contained(args: readonly Json[]): Json {
  const [where, what] = args;
  if (typeof where === 'string') return where.includes(text(what));
  if (isObject(where)) return member(where, text(what)) !== undefined;
  return list(where).some((item) => same(item, what));
}

function addDays(args: readonly Json[]): Json {
  const time = Date.parse(text(args[0]));
  if (Number.isNaN(time)) throw wrong('A date', args[0]);
  return new Date(time + whole(args[1]) * 86_400_000).toISOString();
}

function got(args: readonly Json[]): Json {
  let value: Json | undefined = args[0];
  for (const key of args.slice(1)) {
    if (isObject(value)) value = member(value, text(key));
    else if (isList(value) && typeof key === 'number') value = value[key];
    else return null;
  }
  return value ?? null;
}

const any = Number.MAX_SAFE_INTEGER;
const row = (least: number, most: number, call: PureFunction['call']): PureFunction => ({ least, most, call });

export const pureFunctions: Readonly<Record<string, PureFunction>> = {
  add: row(2, 2, (a) => whole(a[0]) + whole(a[1])),
  adddays: row(2, 2, addDays),
  and: row(2, any, (a) => a.every(truth)),
  array: row(1, 1, (a) => (isList(a[0]) ? a[0] : [a[0] ?? null])),
  base64: row(1, 1, (a) => Buffer.from(text(a[0])).toString('base64')),
  bool: row(1, 1, (a) => (typeof a[0] === 'number' ? a[0] !== 0 : truth(a[0]))),
  coalesce: row(1, any, (a) => a.find((one) => one !== null) ?? null),
  concat: row(1, any, (a) => (a.every(isList) ? a.flat() : a.map(text).join(''))),
  contains: row(2, 2, contained),
  base64tojson: row(1, 1, (a) => JSON.parse(Buffer.from(text(a[0]), 'base64').toString('utf8')) as Json),
  base64tostring: row(1, 1, (a) => Buffer.from(text(a[0]), 'base64').toString('utf8')),
  createarray: row(0, any, (a) => [...a]),
  createobject: row(0, any, objectOf),
  datauri: row(1, 1, (a) => `data:text/plain;charset=utf8;base64,${Buffer.from(text(a[0])).toString('base64')}`),
  datauritostring: row(1, 1, (a) => {
    const [, base64, content] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(text(a[0])) ?? [];
    if (content === undefined) throw wrong('A data URI', a[0]);
    return base64 === undefined ? decodeURIComponent(content) : Buffer.from(content, 'base64').toString('utf8');
  }),
  datetimefromepoch: row(1, 1, (a) => new Date(whole(a[0]) * 1000).toISOString().replace('.000Z', 'Z')),
  datetimetoepoch: row(1, 1, (a) => {
    const time = Date.parse(text(a[0]));
    if (Number.isNaN(time)) throw wrong('A date', a[0]);
    return Math.floor(time / 1000);
  }),
  div: row(2, 2, (a) => {
    if (whole(a[1]) === 0) throw wrong('A divisor other than 0', a[1]);
    return Math.trunc(whole(a[0]) / whole(a[1]));
  }),
  empty: row(1, 1, (a) => empty(a[0])),
  endswith: row(2, 2, (a) => text(a[0]).toLowerCase().endsWith(text(a[1]).toLowerCase())),
  equals: row(2, 2, (a) => same(a[0], a[1])),
  false: row(0, 0, () => false),
  first: row(1, 1, (a) => (typeof a[0] === 'string' ? a[0].slice(0, 1) : (list(a[0])[0] ?? null))),
  float: row(1, 1, (a) => {
    const number = typeof a[0] === 'number' ? a[0] : Number(text(a[0]));
    if (!Number.isFinite(number) || a[0] === '') throw wrong('A number', a[0]);
    return number;
  }),
  format: row(1, any, format),
  greater: row(2, 2, (a) => order(a[0], a[1]) > 0),
  greaterorequals: row(2, 2, (a) => order(a[0], a[1]) >= 0),
  guid: row(1, any, guid),
  if: row(3, 3, (a) => (truth(a[0]) ? (a[1] ?? null) : (a[2] ?? null))),
  indexof: row(2, 2, (a) =>
    isList(a[0])
      ? a[0].findIndex((one) => same(one, a[1]))
      : text(a[0]).toLowerCase().indexOf(text(a[1]).toLowerCase()),
  ),
  int: row(1, 1, (a) => whole(a[0])),
  intersection: row(2, any, common),
  iprangecontains: row(2, 2, ipRangeContains),
  items: row(1, 1, (a) => {
    if (!isObject(a[0])) throw wrong('An object', a[0]);
    return Object.entries(a[0]).map(([key, value]) => ({ key, value }));
  }),
  join: row(2, 2, (a) => list(a[0]).map(text).join(text(a[1]))),
  json: row(1, 1, (a) => JSON.parse(text(a[0])) as Json),
  last: row(1, 1, (a) => (typeof a[0] === 'string' ? a[0].slice(-1) : (list(a[0]).at(-1) ?? null))),
  lastindexof: row(2, 2, (a) => text(a[0]).toLowerCase().lastIndexOf(text(a[1]).toLowerCase())),
  length: row(1, 1, (a) => sized(a[0])),
  less: row(2, 2, (a) => order(a[0], a[1]) < 0),
  lessorequals: row(2, 2, (a) => order(a[0], a[1]) <= 0),
  max: row(1, any, (a) => Math.max(...(isList(a[0]) ? a[0] : a).map(whole))),
  min: row(1, any, (a) => Math.min(...(isList(a[0]) ? a[0] : a).map(whole))),
  mod: row(2, 2, (a) => {
    if (whole(a[1]) === 0) throw wrong('A divisor other than 0', a[1]);
    return whole(a[0]) % whole(a[1]);
  }),
  mul: row(2, 2, (a) => whole(a[0]) * whole(a[1])),
  not: row(1, 1, (a) => !truth(a[0])),
  null: row(0, 0, () => null),
  or: row(2, any, (a) => a.some(truth)),
  padleft: row(2, 3, (a) => text(a[0]).padStart(Math.min(whole(a[1]), 1000), a[2] === undefined ? ' ' : text(a[2]))),
  range: row(2, 2, (a) => {
    if (whole(a[1]) < 0 || whole(a[1]) > 10_000) throw wrong('A count from 0 to 10000', a[1]);
    return Array.from({ length: whole(a[1]) }, (_, i) => whole(a[0]) + i);
  }),
  replace: row(3, 3, (a) => text(a[0]).replaceAll(text(a[1]), () => text(a[2]))),
  skip: row(2, 2, (a) => part(a[0], Math.max(0, whole(a[1])))),
  split: row(2, 2, (a) => {
    const [whole_, ...rest] = isList(a[1]) ? a[1].map(text) : [text(a[1])];
    const separator = whole_ ?? '';
    return rest.reduce((value, one) => value.replaceAll(one, separator), text(a[0])).split(separator);
  }),
  startswith: row(2, 2, (a) => text(a[0]).toLowerCase().startsWith(text(a[1]).toLowerCase())),
  string: row(1, 1, (a) => (typeof a[0] === 'string' ? a[0] : JSON.stringify(a[0]))),
  sub: row(2, 2, (a) => whole(a[0]) - whole(a[1])),
  substring: row(2, 3, (a) =>
    part(text(a[0]), whole(a[1]), a[2] === undefined ? undefined : whole(a[1]) + whole(a[2])),
  ),
  take: row(2, 2, (a) => part(a[0], 0, Math.max(0, whole(a[1])))),
  tolower: row(1, 1, (a) => text(a[0]).toLowerCase()),
  toupper: row(1, 1, (a) => text(a[0]).toUpperCase()),
  trim: row(1, 1, (a) => text(a[0]).trim()),
  true: row(0, 0, () => true),
  tryget: row(2, any, got),
  union: row(2, any, together),
  uniquestring: row(1, any, (a) => createHash('sha256').update(a.map(text).join('\u0000')).digest('hex').slice(0, 13)),
  uri: row(2, 2, (a) => new URL(text(a[1]), text(a[0])).href),
  uricomponent: row(1, 1, (a) => encodeURIComponent(text(a[0]))),
  uricomponenttostring: row(1, 1, (a) => decodeURIComponent(text(a[0]))),
};
