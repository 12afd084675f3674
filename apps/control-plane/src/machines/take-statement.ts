/**
 * A machine brings what it signed of itself (T16). It is kept as it came: whoever doubts this control plane verifies it without its help.
 * An observation of the machine's, like a heartbeat: nothing is decided by it, and no event is made of it.
 */
import { StatementNotTrusted, verifyStatement, type VerifiedStatement } from '@sallyport/machine-statement';
import { machineResourceId } from '@sallyport/model';
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';

export type TakenStatement =
  | { readonly outcome: 'kept' }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string };

/** Keeps the newest statement of a machine, if it is signed with the key that the machine has here and is about this resource. */
export async function takeStatement(
  environment: Environment,
  store: Store,
  vmId: string,
  text: string,
): Promise<TakenStatement> {
  let verified: VerifiedStatement;
  try {
    verified = verifyStatement(text, vmId);
  } catch (error) {
    if (!(error instanceof StatementNotTrusted)) throw error;
    return refused(error.message);
  }
  return store.observe<TakenStatement>(async (writer) => {
    const machine = await writer.selectFrom('machines').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
    if (machine?.public_key !== verified.publicKey)
      return { value: refused('It is signed with another key than the machine has here.'), events: [] };
    const { resourceId, number } = verified.statement;
    const own = machineResourceId(machine.subscription_id, machine.group_name, machine.name);
    if (resourceId.toLowerCase() !== own.toLowerCase())
      return { value: refused(`It is about '${resourceId}', which is not this machine.`), events: [] };
    const row = { number, statement: text, received_at: environment.now() };
    await writer
      .insertInto('machine_statements')
      .values({ vm_id: vmId, ...row })
      .onConflict((conflict) => conflict.column('vm_id').doUpdateSet(row))
      .execute();
    return { value: { outcome: 'kept' }, events: [] };
  });
}

function refused(message: string): TakenStatement {
  return { outcome: 'refused', code: 'StatementNotTrusted', message: `The statement is not kept. ${message}` };
}
