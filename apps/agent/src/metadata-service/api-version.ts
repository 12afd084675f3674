import { badRequest, type LocalAnswer } from './local-answer.ts';

/** Refuses a request whose `api-version` is missing, is no date, or is older than the first that there was. */
export function refuseVersion(query: URLSearchParams, oldest: string): LocalAnswer | undefined {
  const version = query.get('api-version');
  if (version === null || version === '') {
    return badRequest(`The parameter 'api-version' is missing: add api-version=${oldest}.`);
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(version) && version >= oldest) return undefined;
  return badRequest(`The parameter 'api-version' must be a date from ${oldest} on, as in api-version=${oldest}.`);
}
