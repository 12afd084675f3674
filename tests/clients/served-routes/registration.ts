/** Providers, which every subscription has registered. */
import * as z from 'zod/mini';
import type { Places, Route } from './route.ts';
import { nothing, optional, text } from './shapes.ts';

/** As one is shown. */
export const provider = z.strictObject({
  id: optional(text),
  namespace: text,
  registrationState: z.literal('Registered'),
  registrationPolicy: text,
  resourceTypes: z.array(
    z.strictObject({
      resourceType: text,
      locations: z.array(text),
      apiVersions: z.array(text).check(z.minLength(1)),
      capabilities: text,
    }),
  ),
});

/** Asking for it again. */
export function registration(at: Places, namespace: string): Route {
  return { ask: [`${at.subscription}/providers/${namespace}/register`], shape: nothing, answer: provider };
}
