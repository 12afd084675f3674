/**
 * Resources that share a handler have its one version (handler contract §5): a request of one takes the others along. What they had
 * before is kept beside it until that request is over, so that they go back with it, or stay.
 */
import type { Selectable } from 'kysely';
import type { ExtensionRow } from '../store/schema/extension-rows.ts';
import type { Writer } from '../store/store.ts';
import { readGoal, type ExtensionGoal } from './extension-goal.ts';

type Goals = Pick<Selectable<ExtensionRow>, 'goal' | 'lapse_goal'>;

/** The goals of a resource that is taken along to another version. Undefined when it has that version, or is to go. */
export function takenAlong(
  row: Goals,
  { version, sha256 }: Pick<ExtensionGoal, 'version' | 'sha256'>,
): Goals | undefined {
  const goal = readGoal(row.goal);
  if (goal === undefined || goal.desired === 'absent' || goal.version === version) return undefined;
  return { goal: JSON.stringify({ ...goal, version, sha256 }), lapse_goal: JSON.stringify(ownGoal(row) ?? goal) };
}

/** What is wanted of a resource by its own request, whatever version it was taken along to since then. */
export function ownGoal({ goal: text, lapse_goal }: Goals): ExtensionGoal | undefined {
  const goal = readGoal(text);
  const before = readGoal(lapse_goal);
  if (goal === undefined || before?.operationId !== goal.operationId) return goal;
  return { ...goal, version: before.version, sha256: before.sha256 };
}

/** The request of one of them is over, in the caller's transaction: whom it has taken along stays there or goes back. */
export async function settleTakenAlong(
  writer: Writer,
  request: Pick<Selectable<ExtensionRow>, 'vm_id' | 'name_key' | 'publisher' | 'type' | 'goal'>,
  how: 'stay' | 'go back',
): Promise<void> {
  const { vm_id, name_key, publisher, type } = request;
  const version = readGoal(request.goal)?.version;
  const rows = await writer.selectFrom('extensions').selectAll().where('vm_id', '=', vm_id).execute();
  for (const row of rows) {
    const isSharer = same(row.publisher, publisher) && same(row.type, type) && row.name_key !== name_key;
    const goal = readGoal(row.goal);
    if (!isSharer || goal?.version !== version || readGoal(row.lapse_goal)?.operationId !== goal?.operationId) continue;
    await writer
      .updateTable('extensions')
      .set({ goal: how === 'stay' ? row.goal : JSON.stringify(ownGoal(row)), lapse_goal: null })
      .where('vm_id', '=', vm_id)
      .where('name_key', '=', row.name_key)
      .execute();
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
