import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, text } from './shapes.ts';

/** Why something is as it is, ours. */
export function explainRoutes(at: Places): Routes {
  return {
    'Sallyport.Explain/policyEditors': {
      list: `${at.subscription}/providers/Sallyport.Explain/policyEditors`,
      shape: z.looseObject({ principalId: text, roleName: text, can: z.array(anything) }),
    },
    'Sallyport.Explain/automaticUpgrades': {
      list: `${at.machine}/providers/Sallyport.Explain/automaticUpgrades`,
      shape: z.looseObject({ extension: text, explanation: text }),
    },
    'Sallyport.Explain/operations': {
      list: `${at.machine}/providers/Sallyport.Explain/operations`,
      shape: z.looseObject({ extension: text, state: text, message: text }),
    },
    'Sallyport.Explain/statements': {
      list: `${at.machine}/providers/Sallyport.Explain/statements`,
      shape: z.looseObject({ statement: text, receivedAt: text }),
    },
    'Sallyport.Explain/register': registration(at, 'Sallyport.Explain'),
  };
}
