/** Tags of a resource: up to 50 texts by name. */
import * as z from 'zod/mini';

export const tagsSchema = z
  .record(z.string().check(z.minLength(1), z.maxLength(512)), z.string().check(z.maxLength(256)))
  .check(z.refine((tags) => Object.keys(tags).length <= 50, 'a resource has at most 50 tags'));

export type Tags = z.infer<typeof tagsSchema>;

/** Reads the stored text. */
export function readTags(text: string): Tags {
  return JSON.parse(text) as Tags;
}
