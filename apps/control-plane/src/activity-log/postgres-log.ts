/** The activity log in a PostgreSQL database, as whoever verifies it reads it. */
import pg from 'pg';
import type { PostgresAddress } from '../store/postgres/address.ts';
import { clientOptions } from '../store/postgres/pool.ts';
import type { LogHead } from './head-of-log.ts';
import {
  endsQuery,
  evenPositions,
  everyCut,
  headUpTo,
  highestPosition,
  jointsAt,
  pageQuery,
  sizeBetween,
  type TableEnds,
} from './log-table.ts';
import type { StoredLog } from './stored-log.ts';

/** Opens the log in a database. */
export async function postgresLog(address: PostgresAddress): Promise<StoredLog> {
  const client = new pg.Client(clientOptions(address));
  await client.connect();
  const text = pageQuery('$1', '$2');
  const ends = async (): Promise<TableEnds> => {
    const { rows } = await client.query<TableEnds>(endsQuery);
    return rows[0] ?? { first: null, last: null };
  };
  return {
    address: { kind: 'postgres', address },
    pages: async function* ({ after, upTo }) {
      for (let last = after; ;) {
        const { rows } = await client.query<[number, string, ...string[]]>({
          text,
          values: [last, upTo ?? highestPosition],
          rowMode: 'array',
          name: 'page',
        });
        const end = rows.at(-1);
        if (end === undefined) return;
        yield rows;
        [last] = end;
      }
    },
    size: async () => sizeBetween(await ends()),
    joints: async (stretches) => {
      const heads: (LogHead | undefined)[] = [];
      for (const position of evenPositions(await ends(), stretches))
        heads.push((await client.query<LogHead>(headUpTo('$1'), [position])).rows[0]);
      return jointsAt(heads);
    },
    cuts: async () => {
      const { rows: tables } = await client.query("SELECT to_regclass('activity_cuts') AS found");
      if ((tables[0] as { readonly found: string | null }).found === null) return [];
      const { rows } = await client.query<{ readonly checkpoint: string }>(everyCut);
      return rows.map(({ checkpoint }) => checkpoint);
    },
    close: () => client.end(),
  };
}
