/** `/metadata/identity/oauth2/token`: first a challenge, then a token of the machine's identity (arm-api §5.2). */
import { CodedError, messageOf } from '@sallyport/model';
import { HttpError } from '../connection/http-client.ts';
import { ServerRefusal } from '../connection/json-answer.ts';
import type { ResourceToken } from '../connection/resource-tokens.ts';
import type { Challenges } from './challenges.ts';
import { badRequest, refusal, type LocalAnswer } from './local-answer.ts';
import { refuseVersion } from './api-version.ts';
import type { LocalRequest } from './request-guard.ts';

/** The identity of this machine, while it is connected. */
export interface MachineIdentity {
  readonly principalId: string;
  readonly resourceId: string;
  /** Throws `ServerRefusal` or `HttpError`. */
  token(resource: string, fresh: boolean, signal: AbortSignal): Promise<ResourceToken>;
}

const oldestVersion = '2019-11-01';
const longestResource = 2048;
/** How a client may name an identity; there is one, so only its own name will do. The answer repeats the name (arm-api §5.2). */
const identityNames = ['client_id', 'object_id', 'msi_res_id'] as const;

/** Answers a request that the guard let through. Throws only what was not foreseen. */
export async function answerToken(
  request: LocalRequest,
  query: URLSearchParams,
  user: number | undefined,
  challenges: Challenges,
  identity: MachineIdentity | undefined,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  const refused = refuseVersion(query, oldestVersion) ?? refuseResource(query.get('resource'));
  if (refused !== undefined) return refused;
  if (identity === undefined) {
    const text = 'This machine is not connected, so it has no identity: connect it with azcmagent connect.';
    return refusal(503, 'not_connected', text);
  }
  const named = identityNames.filter((name) => query.has(name));
  const stranger = named.find((name) => !names(identity, name, query.get(name) ?? ''));
  if (stranger !== undefined) {
    return badRequest(`${stranger} names another identity; this machine has one, and it needs no name.`);
  }
  const { authorization } = request.headers;
  if (authorization === undefined) return challenge(challenges, user);
  const secret = typeof authorization === 'string' ? /^Basic (\S{1,4096})$/i.exec(authorization)?.[1] : undefined;
  if (secret === undefined || !challenges.accepts(secret)) {
    const text =
      'The Authorization header is not the content of a challenge file that is still good; each is good once and for a minute. Ask without the header for another.';
    return refusal(403, 'invalid_challenge', text);
  }
  const resource = query.get('resource') ?? '';
  try {
    const token = await identity.token(resource, query.get('bypass_cache') === 'true', signal);
    return { status: 200, body: tokenBody(token, resource, query, named) };
  } catch (error) {
    return refusedByCentre(error);
  }
}

function tokenBody(
  { value, expiresOn, expiresInSeconds }: ResourceToken,
  resource: string,
  query: URLSearchParams,
  named: readonly string[],
): unknown {
  return {
    access_token: value,
    expires_in: String(expiresInSeconds),
    expires_on: String(expiresOn),
    not_before: String(expiresOn - expiresInSeconds),
    resource,
    token_type: 'Bearer',
    ...Object.fromEntries(named.map((name) => [name, query.get(name)])),
  };
}

function challenge(challenges: Challenges, user: number | undefined): LocalAnswer {
  const path = challenges.issue(user);
  if (path === undefined) {
    const text = 'Too many challenges of this user wait for their answer; answer them, or wait a minute.';
    return { ...refusal(429, 'too_many_requests', text), headers: { 'retry-after': '60' } };
  }
  const text = `Repeat the request with the header 'Authorization: Basic <content of the file>' for the file named in WWW-Authenticate. Only root and the group himds can read it.`;
  // No quotation marks: clients take the value as it stands.
  return { ...refusal(401, 'unauthorized', text), headers: { 'www-authenticate': `Basic realm=${path}` } };
}

function refuseResource(resource: string | null): LocalAnswer | undefined {
  if (resource === null || resource === '') {
    return badRequest("The parameter 'resource' is missing: name whom the token is for, as in resource=https://host.");
  }
  if (resource.length <= longestResource && /^[\x21-\x7e]+$/.test(resource)) return undefined;
  return badRequest(`The parameter 'resource' must be at most ${longestResource} visible ASCII characters.`);
}

function names(identity: MachineIdentity, kind: (typeof identityNames)[number], value: string): boolean {
  const own = kind === 'msi_res_id' ? identity.resourceId : identity.principalId;
  return own.toLowerCase() === value.toLowerCase();
}

/** 4xx of the centre are the caller's to mend, but for 429; everything else may pass, so clients may try again. */
function refusedByCentre(error: unknown): LocalAnswer {
  const isRefusal = error instanceof ServerRefusal;
  if (isRefusal && error.status >= 400 && error.status < 500 && error.status !== 429) {
    return refusal(400, error.code, error.message);
  }
  if (error instanceof HttpError || isRefusal) {
    const text = `The control plane does not answer, and only it can make a token: ${error.message}`;
    const seconds = (isRefusal ? error.retryAfterSeconds : undefined) ?? 5;
    return { ...refusal(503, 'temporarily_unavailable', text), headers: { 'retry-after': String(seconds) } };
  }
  const code = error instanceof CodedError ? error.code : 'server_error';
  return refusal(500, code, messageOf(error));
}
