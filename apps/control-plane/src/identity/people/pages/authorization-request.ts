/** What a program asks of the sign-in page (RFC 6749 §4.1.1). Where an answer may go is settled first; nothing goes anywhere else. Pure. */
import { audienceOf, requestedResource } from '../../audience.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { TokenErrorCode } from '../../token-error.ts';
import { isLoopbackRedirect, nameOfPublicClient } from '../public-clients.ts';

export interface AuthorizationRequest {
  readonly clientId: string;
  /** What people know the program as. */
  readonly program: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly state: string;
  readonly nonce: string;
  readonly loginHint: string;
  /** As it was sent: the form sends it again. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type ReadRequest =
  | { readonly outcome: 'request'; readonly request: AuthorizationRequest }
  /** Nobody can be told but the person who looks at the page. */
  | { readonly outcome: 'page'; readonly message: string }
  /** The program is told. */
  | { readonly outcome: 'redirect'; readonly address: string };

const carried = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'resource',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'login_hint',
] as const;

/** Where the program is sent, with what it is told. `state` goes back as it came. */
export function redirectTo(redirectUri: string, state: string, answer: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (state !== '') url.searchParams.set('state', state);
  return url.href;
}

/** Reads a request. */
export function readAuthorizationRequest(parameters: URLSearchParams, endpoint: Endpoint): ReadRequest {
  const value = (name: (typeof carried)[number] | 'prompt'): string => parameters.get(name) ?? '';
  const onPage = (message: string): ReadRequest => ({ outcome: 'page', message });
  const repeated = carried.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) return onPage(`The program sent '${repeated}' twice.`);
  const clientId = value('client_id').toLowerCase();
  const program = nameOfPublicClient(clientId);
  if (program === undefined) return onPage(`People cannot sign in with the application '${clientId.slice(0, 60)}'.`);
  const redirectUri = value('redirect_uri');
  if (!isLoopbackRedirect(redirectUri))
    return onPage(
      'The program wants the answer sent to an address that is not on your own machine. Nothing was sent there.',
    );
  const state = value('state');
  const refuse = (error: TokenErrorCode, error_description: string): ReadRequest => ({
    outcome: 'redirect',
    address: redirectTo(redirectUri, state, { error, error_description }),
  });
  if (value('response_type') !== 'code')
    return refuse('unsupported_response_type', 'There is response_type=code and no other.');
  if (!['', 'query'].includes(value('response_mode')))
    return refuse('invalid_request', 'There is response_mode=query and no other.');
  if (value('code_challenge_method') !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(value('code_challenge')))
    return refuse('invalid_request', 'code_challenge with code_challenge_method=S256 is required (PKCE).');
  const resource = requestedResource(parameters);
  if (resource !== undefined && audienceOf(resource, endpoint.origins)?.kind !== 'arm')
    return refuse('invalid_scope', `There is no resource '${resource.slice(0, 200)}' that people get tokens for.`);
  if (value('prompt') === 'none') return refuse('login_required', 'Somebody has to sign in.');
  return {
    outcome: 'request',
    request: {
      clientId,
      program,
      redirectUri,
      codeChallenge: value('code_challenge'),
      state,
      nonce: value('nonce').slice(0, 200),
      loginHint: value('login_hint').slice(0, 200),
      parameters: Object.fromEntries(carried.flatMap((name) => (parameters.has(name) ? [[name, value(name)]] : []))),
    },
  };
}
