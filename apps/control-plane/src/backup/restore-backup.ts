import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
import { chainedColumns, chainStart, nextHash } from '../activity-log/chain.ts';
import { fillStore } from '../store/copy/fill.ts';
import type { Row } from '../store/copy/snapshot.ts';
import type { PostgresAddress } from '../store/postgres/address.ts';
import { backupLines, NotABackup, type BackupHeader } from './backup-lines.ts';

/** Restores a backup into a state directory that is empty or not there, and a database that is. Reads all of it before it writes any. */
export async function restoreBackup(
  path: string,
  state: string,
  postgres: PostgresAddress | undefined,
): Promise<BackupHeader> {
  if (existsSync(state) && readdirSync(state).length > 0)
    throw new Error(`'${state}' is not empty. Restore into a new state directory.`);
  const header = await checkBackup(path);
  makeDirectories(state, 0o700);
  try {
    await fillStore(state, postgres, { migration: header.migration, rows: rowsOf(path) });
    for await (const line of backupLines(path)) {
      if (!('file' in line)) continue;
      const target = join(state, line.file);
      makeDirectories(dirname(target), 0o700);
      writeDurably(target, Buffer.from(line.content, 'base64'), line.mode);
    }
  } catch (error) {
    for (const name of readdirSync(state)) rmSync(join(state, name), { recursive: true });
    throw error;
  }
  return header;
}

/** Holds the whole file against its own end, and its activity log against the chain and the head that it names. */
async function checkBackup(path: string): Promise<BackupHeader> {
  let header: BackupHeader | undefined;
  let hash = chainStart;
  let begun = false;
  const cuts = new Map<unknown, string>();
  for await (const line of backupLines(path)) {
    if ('backup' in line) header = line;
    // Its name comes before that of the events.
    if ('table' in line && line.table === 'activity_cuts')
      cuts.set(line.row['position'], String(line.row['hash'] ?? ''));
    if (!('table' in line) || line.table !== 'activity_events') continue;
    if (!begun) hash = cuts.get(Number(line.row['position']) - 1) ?? chainStart;
    begun = true;
    hash = nextHash(
      hash,
      chainedColumns.map((column) => String(line.row[column] ?? '')),
    );
    if (hash !== line.row['hash'])
      throw new NotABackup(
        `The activity log in '${path}' is not intact: its chain breaks at position ${String(line.row['position'])}.`,
      );
  }
  if (header === undefined) throw new NotABackup(`'${path}' does not begin as a backup does.`);
  if (hash !== header.head.hash)
    throw new NotABackup(`The activity log in '${path}' does not end where the backup says that it does.`);
  return header;
}

/**
 * Machines have seen generations that the backup does not know, and take no sealed settings of an earlier one again (T11). So each goes on
 * well beyond: nobody makes that many changes to one machine between a backup and its restoration.
 */
export const generationsAhead = 1_000_000;

async function* rowsOf(path: string): AsyncGenerator<{ readonly table: string; readonly row: Row }> {
  for await (const line of backupLines(path)) {
    if (!('table' in line)) continue;
    const { generation } = line.row;
    if (line.table === 'machines' && typeof generation === 'number')
      yield { table: line.table, row: { ...line.row, generation: generation + generationsAhead } };
    else yield line;
  }
}
