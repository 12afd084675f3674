/** Automatic upgrades as the API serves them. */
import * as z from 'zod/mini';
import type { Connection } from './connection/connection-file.ts';

const provider = 'providers/Sallyport.Upgrades';
const count = z._default(z.number(), 0);

export const rolloutSchema = z.object({
  name: z.string(),
  properties: z.object({
    extension: z.string(),
    version: z.string(),
    state: z.string(),
    reason: z.string(),
    goesOnAt: z.optional(z.string()),
    wave: z.number(),
    waves: z.array(z.number()),
    machines: z.object({
      upgraded: count,
      upgrading: count,
      failed: count,
      refused: count,
      waiting: count,
      held: count,
    }),
  }),
});

export const explanationSchema = z.object({
  name: z.string(),
  installed: z.string(),
  version: z.optional(z.string()),
  explanation: z.string(),
  goesOnAt: z.optional(z.string()),
});

/** What belongs to the connection's subscription: the rollouts, one of them, its settings. */
export function upgradesPath({ subscriptionId }: Connection, rest: string): string {
  return `/subscriptions/${encodeURIComponent(subscriptionId)}/${provider}/${rest}`;
}

/** Times as people read them. */
export function utc(time: string | undefined): string {
  return time === undefined ? '' : `${time.slice(0, 16).replace('T', ' ')} UTC`;
}
