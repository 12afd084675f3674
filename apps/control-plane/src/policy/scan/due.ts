/** What policy has to look at, and by when: one row for each place, whatever makes it due and however often. */
import type { Insertable } from 'kysely';
import { scopeKey } from '../../rbac/scope.ts';
import type { PolicyDueRow } from '../../store/schema/policy-rows.ts';
import type { Writer } from '../../store/store.ts';

export interface Due {
  readonly scope: string;
  /** The resource itself, or everything beneath it. */
  readonly reach: 'resource' | 'beneath';
  /** Milliseconds since 1970, as is `writtenAt`. */
  readonly dueAt: number;
  /** When somebody wrote it, if that is why. */
  readonly writtenAt: number | undefined;
}

type Row = Insertable<PolicyDueRow>;

/** Adds something to look at; what is due already comes no later for it. */
export function addDue(writer: Writer, due: Due): Promise<void> {
  return addDues(writer, [due]);
}

/** Dues of one statement. */
const together = 200;

/** The same for many, as if they were added in this order. */
export async function addDues(writer: Writer, dues: readonly Due[]): Promise<void> {
  for (let from = 0; from < dues.length; from += together) await addSome(writer, dues.slice(from, from + together));
}

/** The row of a place once something is due there, after what was due there before. Pure. */
export function withDue(before: Row | undefined, { scope, reach, dueAt, writtenAt }: Due): Row {
  return {
    scope_key: scopeKey(scope),
    reach,
    scope,
    due_at: Math.min(dueAt, before?.due_at ?? dueAt),
    written_at: writtenAt ?? before?.written_at ?? null,
    done_until: writtenAt === undefined ? (before?.done_until ?? dueAt) : writtenAt - 1,
    // Whatever was looked at beneath may be otherwise now.
    place: null,
  };
}

async function addSome(writer: Writer, dues: readonly Due[]): Promise<void> {
  const keys = new Set(dues.map(({ scope }) => scopeKey(scope)));
  const there = await writer
    .selectFrom('policy_due')
    .selectAll()
    .where('scope_key', 'in', [...keys])
    .execute();
  const before = new Map<string, Row>(there.map((row) => [`${row.reach} ${row.scope_key}`, row]));
  const after = new Map<string, Row>();
  for (const due of dues) {
    const place = `${due.reach} ${scopeKey(due.scope)}`;
    after.set(place, withDue(after.get(place) ?? before.get(place), due));
  }
  await writer
    .insertInto('policy_due')
    .values([...after.values()])
    .onConflict((conflict) =>
      conflict.columns(['scope_key', 'reach']).doUpdateSet((said) => ({
        scope: said.ref('excluded.scope'),
        due_at: said.ref('excluded.due_at'),
        written_at: said.ref('excluded.written_at'),
        done_until: said.ref('excluded.done_until'),
        place: said.ref('excluded.place'),
      })),
    )
    .execute();
}
