/** Reading JSON without trusting its shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first element of a member that is a list, when it is an object. */
export function firstOf(holder: unknown, key: string): JsonObject | undefined {
  const list = isObject(holder) ? holder[key] : undefined;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isObject(first) ? first : undefined;
}
