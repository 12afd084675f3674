/**
 * Whether this control plane can do its work: each check a word, a yes or no, and a sentence for people without a path or an
 * address in it, as anybody may ask.
 */
import { statfs } from 'node:fs/promises';
import { messageOf } from '@sallyport/model';
import type { Log } from '../http/log.ts';
import type { Services } from '../services.ts';
import { migrations } from '../store/migrations/migrations.ts';

export type CheckName = 'database' | 'migrations' | 'catalog' | 'disk';

export interface Check {
  readonly ok: boolean;
  readonly message: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<CheckName, Check>>;
}

/** Less than this is left on the disk of the state directory: changes may soon fail. Bytes. */
const leastFree = 64 * 1024 * 1024;
/** A check that takes longer has failed. Milliseconds. */
const patience = 5_000;

/**
 * Without a catalog nothing new can be installed, and that is all: every replica has the same one, and sending clients away from all
 * of them would help nobody. It is told and does not count.
 */
const counting: readonly CheckName[] = ['database', 'migrations', 'disk'];

/** Runs every check. Never throws; reasons go to the log, answers are the same for everybody. */
export async function readinessOf(services: Services, stateDirectory: string, log: Log): Promise<Readiness> {
  const check = async (name: CheckName, work: () => Promise<string | undefined>, failed: string): Promise<Check> => {
    try {
      const message = await withPatience(work());
      return { ok: message === undefined, message: message ?? 'ok' };
    } catch (error) {
      log.warn({ msg: 'not ready', check: name, reason: messageOf(error) });
      return { ok: false, message: failed };
    }
  };
  const [database, migrated, catalog, disk] = await Promise.all([
    check('database', () => databaseAnswers(services), 'The database does not answer.'),
    check('migrations', () => migrationsAreOurs(services), 'The database does not say how far it is migrated.'),
    check('catalog', () => catalogIsThere(services), 'The catalog cannot be verified, so nothing can be installed.'),
    check('disk', () => diskHasRoom(stateDirectory), 'The disk of the state directory cannot be looked at.'),
  ]);
  const checks = { database, migrations: migrated, catalog, disk };
  return { ready: counting.every((name) => checks[name].ok), checks };
}

async function databaseAnswers({ store }: Services): Promise<undefined> {
  await store.read.selectFrom('subscriptions').select('subscription_id').limit(1).execute();
  return undefined;
}

/** All that this program knows have been carried out, and no others: a newer one may have taken the database over meanwhile. */
async function migrationsAreOurs({ store }: Services): Promise<string | undefined> {
  const rows = await store.read.selectFrom('kysely_migration').select('name').execute();
  const done = new Set(rows.map(({ name }) => name));
  const known = new Set(migrations.map(({ name }) => name));
  if ([...known].some((name) => !done.has(name))) return 'The database is not migrated as far as this version needs.';
  if ([...done].some((name) => !known.has(name))) return 'A newer version has migrated the database; end this one.';
  return undefined;
}

async function catalogIsThere({ catalog }: Services): Promise<undefined> {
  await catalog.list();
  return undefined;
}

async function diskHasRoom(directory: string): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= leastFree) return undefined;
  return `Less than ${leastFree / (1024 * 1024)} MiB are left for the state directory; make room.`;
}

async function withPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience / 1000} seconds`)), patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
