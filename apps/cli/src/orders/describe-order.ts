/** What somebody is to sign, in full: nothing that they would sign is left out. */
import { digestOfOperation } from '@sallyport/local-controls';
import { printable } from '../output/table.ts';
import { operationOf, type WaitingOrder } from './waiting-order.ts';

const protectedWords: Readonly<Record<WaitingOrder['protectedSettings'], string>> = {
  none: 'none',
  kept: 'those that the machine has',
  sealed: 'new ones, which only the machine can read: whoever signs gives them again (--protected-settings)',
};

/** One fact a line. What came from elsewhere may hold anything: control characters are escaped. */
export function describeOrder(waiting: WaitingOrder): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['Machine (VM ID)', waiting.machineId],
    ['Extension resource', waiting.resourceName],
    ['Extension', `${waiting.publisher}/${waiting.type}`],
    ...(waiting.extensionName === undefined ? [] : [['Within its handler', waiting.extensionName] as const]),
    ['What', waiting.desired === 'absent' ? 'REMOVE it' : `have version ${waiting.version} there (${waiting.kind})`],
    ['Settings', JSON.stringify(waiting.settings)],
    ['Protected settings', protectedWords[waiting.protectedSettings]],
    ['Asked by', `${waiting.askedBy} at ${waiting.askedAt}`],
    ['Operation', `${waiting.operationId}, number ${waiting.sequence}`],
    ['Signatures', `${waiting.signatures.length}; may be signed until ${waiting.deadline}`],
    ['State', waiting.step?.message ?? waiting.state],
    ['Digest', digestOfOperation(operationOf(waiting))],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)}: ${printable(value)}`);
}
