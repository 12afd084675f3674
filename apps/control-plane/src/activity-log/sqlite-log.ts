/** The activity log in a SQLite file, as whoever verifies it reads it. */
import { DatabaseSync } from 'node:sqlite';
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
import type { StoredEvent, StoredLog } from './stored-log.ts';

/** Opens the log in a file. */
export function sqliteLog(path: string): StoredLog {
  const database = new DatabaseSync(path, { readOnly: true });
  const page = database.prepare(pageQuery('?', '?'));
  page.setReturnArrays(true);
  const ends = (): TableEnds => database.prepare(endsQuery).get() as unknown as TableEnds;
  return {
    address: { kind: 'sqlite', path },
    pages: async function* ({ after, upTo }) {
      for (let last = after; ;) {
        const events = page.all(last, upTo ?? highestPosition) as unknown as readonly StoredEvent[];
        const end = events.at(-1);
        if (end === undefined) return;
        yield events;
        [last] = end;
      }
    },
    size: () => Promise.resolve(sizeBetween(ends())),
    joints: (stretches) => {
      const head = database.prepare(headUpTo('?'));
      const heads = evenPositions(ends(), stretches).map((position) => head.get(position) as LogHead | undefined);
      return Promise.resolve(jointsAt(heads));
    },
    cuts: () => Promise.resolve(cutsIn(database)),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

/** A copy of a database from before there were cuts has none. */
function cutsIn(database: DatabaseSync): readonly string[] {
  if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'activity_cuts'").get() === undefined) return [];
  return database
    .prepare(everyCut)
    .all()
    .map(({ checkpoint }) => String(checkpoint));
}
