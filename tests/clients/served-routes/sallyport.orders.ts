import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, nothing, text } from './shapes.ts';

/** Orders that operators sign, ours. */
export function ordersRoutes(at: Places): Routes {
  return {
    'Sallyport.Orders/orders': {
      list: `${at.machine}/providers/Sallyport.Orders/orders`,
      shape: z.looseObject({ operationId: text, signatures: z.array(anything) }),
    },
    'Sallyport.Orders/orders/sign': {
      ask: [`${at.machine}/providers/Sallyport.Orders/orders/none/sign`, { signer: 'A'.repeat(43), order: 'none' }],
      shape: nothing,
      answer: nothing,
    },
    'Sallyport.Orders/register': registration(at, 'Sallyport.Orders'),
  };
}
