/** What several routes answer with, or are made of. */
import * as z from 'zod/mini';

export const text = z.string();
export const time = z.string().check(z.iso.datetime());
export const tags = z.record(text, text);
export const anything = z.record(text, z.unknown());
export const optional = z.optional;

export const systemData = z.strictObject({
  createdBy: text,
  createdByType: text,
  createdAt: time,
  lastModifiedBy: text,
  lastModifiedByType: text,
  lastModifiedAt: time,
});
export const resource = (
  properties: z.ZodMiniType,
  more: Readonly<Record<string, z.ZodMiniType>> = {},
): z.ZodMiniType => z.strictObject({ id: text, name: text, type: text, properties, ...more });
export const named = z.strictObject({ value: text, localizedValue: text });
/** Ours: the members of every resource, and properties of its own. */
export const own = z.looseObject({ id: text, name: text, type: text, properties: anything });
export const nothing = z.undefined();
