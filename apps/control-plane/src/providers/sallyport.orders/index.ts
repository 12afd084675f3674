/**
 * What operators sign so that servers do it that do not believe a control plane (T10). Under a name of ours: Microsoft's shapes have no
 * place for it. Nothing here decides anything: the server verifies what is carried.
 */
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { listOrders } from './list-orders.ts';
import { signOrder } from './sign-order.ts';

const common = { apiVersions: ['2026-11-01'], resource: 'none', scopes: ['resource'] } as const;

/** The rows of the registry. Both stand on a machine. */
export function orders(services: Services): readonly ResourceType[] {
  return [
    {
      ...common,
      type: 'Sallyport.Orders/orders',
      collection: { GET: (request) => listOrders(services, request) },
    },
    {
      ...common,
      type: 'Sallyport.Orders/orders/sign',
      collection: { POST: (request) => signOrder(services, request) },
    },
  ];
}
