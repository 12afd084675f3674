import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';

const keySchema = z.object({
  name: z.string(),
  properties: z.object({ createdOn: z.string(), retiredOn: z._default(z.string(), '') }),
});

/** A row for each key. */
export function signingKeyRows(items: readonly unknown[]): readonly (readonly string[])[] {
  return items.map((item) => {
    const { name, properties } = parseValue(keySchema, item, 'A signing key');
    return [name, properties.createdOn, properties.retiredOn];
  });
}
