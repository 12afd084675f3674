/** What must hold of a machine's disk at every moment, whatever was cut off there: old or new, never mixed (T84). */
import type { PackageFiles } from '@sallyport/testkit';
import * as z from 'zod/mini';
import { crashTrees } from './crash-packages.ts';
import type { Image } from './durable-image.ts';

const handlers = 'var/lib/waagent/';
const records = 'var/lib/GuestConfig/extension_logs/';
const journal = 'var/lib/GuestConfig/operations.json';
const orders = 'var/lib/GuestConfig/orders.json';

export interface DiskState {
  /** `1.0.0 enabled`, one for each record. */
  readonly states: readonly string[];
  /** `one 1`: who shares a handler that is enabled, with its sequence; in the order of their names. */
  readonly sharing: readonly string[];
  readonly violations: readonly string[];
  /** What `config/HandlerState` says that the record does not: nothing, once the manager has arrived. */
  readonly shownWrongly: readonly string[];
}

const recordSchema = z.object({
  phase: z.string(),
  suspended: z.optional(z.boolean()),
  sharing: z.optional(
    z.array(
      z.object({
        extensionName: z.string(),
        enabledSequence: z.number(),
        handlerSequence: z.number(),
        leaving: z.optional(z.boolean()),
      }),
    ),
  ),
});
type Record = z.infer<typeof recordSchema>;

/** T10 T11: of an order nothing is begun that is not on the disk as accepted; else it could be carried out once more. */
export function begunUnaccepted(image: Image): readonly string[] {
  const isBegun = [...image.keys()].some(
    (path) => path.startsWith(records) || (path.startsWith(handlers) && path !== `${handlers}events`),
  );
  return !isBegun || json(image.get(orders)?.content ?? Buffer.alloc(0)) !== undefined
    ? []
    : [`something was begun, and ${orders} does not say on which order`];
}

export function diskState(image: Image): DiskState {
  const violations: string[] = [];
  const found = new Map<string, Record>();
  for (const [path, { content }] of image) {
    if (content === undefined) continue;
    if (path === journal && json(content) === undefined) violations.push(`${path} is not whole`);
    if (!path.startsWith(records) || !path.endsWith('/state.json')) continue;
    const record = z.safeParse(recordSchema, json(content));
    if (record.success) found.set(path.slice(records.length).split('/')[0] ?? '', record.data);
    else violations.push(`${path} is not whole`);
  }
  for (const name of treesIn(image)) if (!found.has(name)) violations.push(`${name} is there and nobody knows of it`);
  for (const [name, record] of found) violations.push(...wrongWith(name, record, image));
  const states = [...found].map(([name, { phase, suspended }]) => {
    const word = suspended === true ? `${phase} suspended` : phase;
    return `${versionIn(name)} ${word}`;
  });
  const sharing = [...found.values()].flatMap(({ phase, sharing: sharers = [] }) =>
    phase === 'enabled' ? sharers.map((one) => `${one.extensionName} ${one.enabledSequence}`) : [],
  );
  const shownWrongly = [...found].flatMap(([name, record]) => wronglyShown(name, record, image));
  return { states: states.sort(), sharing: sharing.sort(), violations, shownWrongly };
}

function wronglyShown(name: string, { phase }: Record, image: Image): readonly string[] {
  const config = `${handlers}${name}/config`;
  if (!image.has(config)) return [];
  const [state, status] = ['HandlerState', 'HandlerStatus'].map((file) => image.get(`${config}/${file}`)?.content);
  const words: Readonly<{ [phase: string]: string }> = { enabled: 'Enabled', installed: 'Installed' };
  const is = state?.toString() ?? 'nothing';
  return [
    ...(is === (words[phase] ?? 'NotInstalled') ? [] : [`${name} is ${phase} and its HandlerState says '${is}'`]),
    ...(json(status ?? Buffer.alloc(0)) === undefined ? [`${name} has no whole HandlerStatus`] : []),
  ];
}

function treesIn(image: Image): ReadonlySet<string> {
  const trees = new Set<string>();
  for (const path of image.keys()) {
    const name = path.startsWith(handlers) ? path.slice(handlers.length).split('/')[0] : undefined;
    if (name !== undefined && name.includes('-') && !name.startsWith('.')) trees.add(name);
  }
  return trees;
}

function wrongWith(name: string, record: Record, image: Image): readonly string[] {
  const { phase } = record;
  if (phase === 'fetching' || phase === 'uninstalled') return [];
  const violations: string[] = [];
  // On its way aside or back it is at one of two places.
  const aside = phase === 'kept' && image.has(`${handlers}.kept-${name}`);
  const tree = `${handlers}${aside ? '.kept-' : ''}${name}`;
  if (hasTakenOver(name, phase) && (image.get(`${tree}/mrseq`)?.content?.length ?? 0) === 0)
    violations.push(`${name} is ${phase} and would do again what was done`);
  if (phase === 'enabled') violations.push(...unconfigured(image, name, record));
  const files: PackageFiles = crashTrees[name] ?? {};
  for (const [file, content] of Object.entries(files)) {
    const entry = image.get(`${tree}/${file}`);
    if (entry?.content === undefined) violations.push(`${name} is ${phase} and has no ${file}`);
    else if (!entry.content.equals(Buffer.from(content)))
      violations.push(`${name} is ${phase} and its ${file} is another`);
    else if (content.toString().startsWith('#!') && (entry.mode & 0o100) === 0)
      violations.push(`${name} is ${phase} and its ${file} cannot be run`);
  }
  return violations;
}

/** Whether a version has what the one before it had done; a handler that is shared looks after that itself. */
function hasTakenOver(name: string, phase: string): boolean {
  return name.includes('.Thing-2.') && ['updated', 'installed', 'enabled'].includes(phase);
}

/** What an enabled handler must find, as far as it is not there or not whole. */
function unconfigured(image: Image, name: string, { sharing }: Record): readonly string[] {
  const config = `${handlers}${name}/config/`;
  const there = [...image.keys()].filter((path) => path.startsWith(config) && path.endsWith('.settings'));
  const staying = sharing?.filter(({ leaving }) => leaving !== true);
  const wanted = staying?.map((one) => `${config}${one.extensionName}.${one.handlerSequence}.settings`) ?? there;
  return [`${handlers}${name}/HandlerEnvironment.json`, ...(wanted.length === 0 ? [`${config}N.settings`] : wanted)]
    .filter((path) => json(image.get(path)?.content ?? Buffer.alloc(0)) === undefined)
    .map((path) => `${name} is enabled and has no whole ${path.slice(handlers.length)}`);
}

function versionIn(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** Undefined for half of a file, or nothing of it. */
function json(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8')) ?? undefined;
  } catch {
    return undefined;
  }
}
