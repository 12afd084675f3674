/** Nobody has to sign anything: what every machine begins with. For tests of everything else. */
import type { OrderGate } from './order-gate.ts';

export const unguarded: OrderGate = {
  judge: () => ({ outcome: 'signed', by: [], isNew: false }),
  accept: () => Promise.resolve(),
  spend: () => undefined,
};
