/** A machine whose administrator wants what is asked of it signed, and the operator who does that (T10). */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { join } from 'node:path';
import { defaultControls } from '@sallyport/local-controls';
import { orderedOperation, writeOrder } from '@sallyport/model/orders';
import type { GoalExtension, PresentedOrder } from '@sallyport/model/wire';
import type { MachineKey } from '../../apps/agent/src/connection/machine-key.ts';
import type { ExtensionHost } from '../../apps/agent/src/extensions/operation-context.ts';
import { AcceptedOrders } from '../../apps/agent/src/extensions/orders/accepted-orders.ts';
import { orderGate, type OrderGate } from '../../apps/agent/src/extensions/orders/order-gate.ts';
import { unguarded } from '../../apps/agent/src/extensions/orders/unguarded.fixture.ts';
import type { CrashGoal } from './crash-operations.ts';

/** The same at every start: PKCS#8 around 32 bytes (RFC 8410). */
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const signer = String(createPublicKey(privateKey).export({ format: 'jwk' }).x);

/** The gate of a machine that is started towards a goal. */
export function crashGate({ orders }: CrashGoal, host: ExtensionHost, machineKey: MachineKey): OrderGate {
  if (orders === undefined) return unguarded;
  return orderGate({
    machine: 'srv1',
    machineKey,
    accepted: new AcceptedOrders(join(host.paths.guestConfig, 'orders.json'), machineKey.vmId),
    readControls: () => ({
      kind: 'in-force',
      controls: { ...defaultControls, 'extensions.signers': { needed: 1, signers: [{ name: 'alice', key: signer }] } },
      file: '/localconfig.json',
      generation: 1,
    }),
    installed: () => host.store.list().extensions,
    now: () => host.environment.now(),
  });
}

/** What comes with an entry. */
export function crashOrders({ orders }: CrashGoal, vmId: string, entry: GoalExtension): readonly PresentedOrder[] {
  if (orders !== 'signed') return [];
  const order = writeOrder(
    {
      operation: orderedOperation(vmId, entry),
      protectedSettings: { kind: 'none' },
      notBefore: '2020-01-01T00:00:00Z',
      notAfter: '2100-01-01T00:00:00Z',
    },
    (bytes) => sign(null, bytes, privateKey),
  );
  return [{ signer, order }];
}
