/** Stands for the keys among the parameters of a lookup, until it is asked for some. */
export const theKeys = Symbol('the keys');

/** The parameters of a lookup for these keys. */
export function parametersFor(parameters: readonly unknown[], keys: unknown): readonly unknown[] {
  return parameters.map((value) => (value === theKeys ? keys : value));
}
