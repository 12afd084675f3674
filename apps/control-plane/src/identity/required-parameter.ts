import { TokenError } from './token-error.ts';

/** A parameter of a form that has to be there. Throws {@link TokenError} `invalid_request`. */
export function requiredParameter(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '')
    throw new TokenError('invalid_request', `The request body must contain the parameter '${name}'.`);
  return value;
}
