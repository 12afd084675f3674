import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { syncDirectory } from '@sallyport/durable-files';
import { chainStart } from '../activity-log/chain.ts';
import { withSnapshot } from '../store/copy/snapshot.ts';
import type { PostgresAddress } from '../store/postgres/address.ts';
import { backupKind, lineCounter, type BackupHeader, type BackupLine } from './backup-lines.ts';

/** What stays out: the database, which comes as rows, and what holds only while a process runs. */
const leftOut = /^(?:lock|tls-ticket-keys\.json|sallyport\.sqlite(?:-wal|-shm)?|restoring\.sqlite.*)$/;

/** Writes a backup, whole or not at all, readable by its owner only. Control planes may go on meanwhile. */
export async function writeBackup(
  state: string,
  postgres: PostgresAddress | undefined,
  path: string,
  now: number,
): Promise<BackupHeader['head']> {
  const unfinished = `${path}.unfinished`;
  const file = openSync(unfinished, 'w', 0o600);
  let closed = false;
  try {
    const counter = lineCounter();
    const write = (line: BackupLine): void => {
      const text = JSON.stringify(line);
      if (!('end' in line)) counter.add(text);
      writeSync(file, `${text}\n`);
    };
    // Files first: a checkpoint that came after the rows would tell of events that are not among them (T67).
    const files = filesOf(state);
    const head = await withSnapshot(state, postgres, async (snapshot) => {
      const end = (await snapshot.headOfLog()) ?? { position: 0, hash: chainStart };
      const time = new Date(now).toISOString();
      write({ backup: backupKind, version: 1, time, migration: snapshot.migration, head: end });
      for (const line of files) write(line);
      for (const table of snapshot.tables) {
        for await (const rows of snapshot.rows(table)) for (const row of rows) write({ table, row: { ...row } });
      }
      return end;
    });
    write({ end: counter.end() });
    fsyncSync(file);
    closeSync(file);
    closed = true;
    renameSync(unfinished, path);
    syncDirectory(dirname(path));
    return head;
  } catch (error) {
    if (!closed) closeSync(file);
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function filesOf(state: string): readonly BackupLine[] {
  const lines: BackupLine[] = [];
  for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(state, path);
    if (!entry.isFile() || leftOut.test(name)) continue;
    lines.push({ file: name, mode: lstatSync(path).mode & 0o777, content: readFileSync(path).toString('base64') });
  }
  return lines;
}
