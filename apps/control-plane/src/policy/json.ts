/** JSON as the policy language sees it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Whether a value is an object, not a list and not null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The member of a name in any case, or undefined. */
export function member(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const key = name.toLowerCase();
  const found = Object.keys(object).find((one) => one.toLowerCase() === key);
  return found === undefined ? undefined : object[found];
}

/** A copy with a member set; one of the same name in another case is replaced. */
export function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const key = name.toLowerCase();
  const rest = Object.entries(object).filter(([one]) => one.toLowerCase() !== key);
  const spelled = Object.keys(object).find((one) => one.toLowerCase() === key) ?? name;
  return Object.fromEntries(value === undefined ? rest : [...rest, [spelled, value]]);
}

/** A value as a text: texts as they are, everything else as JSON. */
export function written(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
