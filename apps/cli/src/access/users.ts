import * as z from 'zod/mini';
import { parseValue } from '@sallyport/model';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions } from '../resources.ts';

export const userSchema = z.object({
  name: z.string(),
  properties: z.object({
    displayName: z.string(),
    objectId: z.string(),
    hasPassword: z.boolean(),
    createdOn: z._default(z.string(), ''),
    password: z.optional(z.string()),
  }),
});
export type User = z.infer<typeof userSchema>;

export const usersPath = '/providers/Sallyport.Identity/users';

/** Path of a person. */
export function userPath(name: string): string {
  return `${usersPath}/${encodeURIComponent(name)}`;
}

/** Every person. */
export async function users(client: ArmClient): Promise<readonly User[]> {
  const items = await client.list(usersPath, apiVersions.identity);
  return items.map((item) => parseValue(userSchema, item, 'A user'));
}
