/** Which database servers run here, as `azcmagent show` and the machine resource say it: by the names of their processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseServer } from '@sallyport/model/wire';

const names: Readonly<Record<string, DatabaseServer>> = {
  sqlservr: 'mssql',
  mysqld: 'mysql',
  mariadbd: 'mysql',
  postgres: 'postgresql',
};

/** Reads the name of every process below `processes`, about a millisecond for a hundred. One that ends meanwhile is not there. */
export function databaseServers(processes = '/proc'): readonly DatabaseServer[] {
  const found = new Set<DatabaseServer>();
  for (const id of readdirSync(processes)) {
    const server = /^[0-9]+$/.test(id) ? names[nameOf(join(processes, id, 'comm'))] : undefined;
    if (server !== undefined) found.add(server);
  }
  return [...found].sort();
}

function nameOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
