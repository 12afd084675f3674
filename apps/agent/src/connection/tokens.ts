/** Tokens of the control plane's token service: for an operator's credentials, and for the machine by its own key. */
import { sign, type KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import type { Environment } from '../platform/environment.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { jsonOf, ServerRefusal } from './json-answer.ts';
import type { MachineKey } from './machine-key.ts';

const tokenAnswerSchema = z.object({ access_token: z.string(), expires_in: z.number() });
const answerBytes = 64 * 1024;
const timeoutMilliseconds = 30_000;

/** The audience of tokens for the agent API. */
const agentScope = 'api://sallyport-agent/.default';

export interface TokenService {
  readonly http: HttpClient;
  /** Origin of the control plane. */
  readonly endpoint: string;
  readonly tenantId: string;
}

export interface Token {
  readonly value: string;
  readonly expiresInSeconds: number;
  /** How far this machine's clock is ahead of the service's, milliseconds; undefined when it did not say. */
  readonly clockAhead: number | undefined;
}

/** A token for ARM, by a service principal's secret. Throws `ServerRefusal` when the credentials are not accepted. */
export async function servicePrincipalToken(
  service: TokenService,
  clientId: string,
  clientSecret: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<Token> {
  const form = { client_id: clientId, client_secret: clientSecret, scope: `${service.endpoint}/.default` };
  return requestToken(service, form, environment, signal);
}

export interface MachinePrincipal {
  readonly principalId: string;
  readonly privateKey: KeyObject;
}

/** Clocks further apart than this make an assertion look expired or not yet valid. Milliseconds. */
const bearableSkew = 30_000;

/**
 * A token for the machine by its own key. When it is refused and this machine's clock is not the service's, it is asked for once
 * more with the time the service told: a clock that jumped must not cut the machine off (T72). Throws `ServerRefusal` or `HttpError`.
 */
export async function machineToken(
  service: TokenService,
  principal: MachinePrincipal,
  scope: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<Token> {
  const ask = (ahead: number): Promise<HttpAnswer> =>
    postForm(
      service,
      {
        client_id: principal.principalId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: clientAssertion(principal, tokenUrl(service).href, environment, ahead),
        scope,
      },
      signal,
    );
  const first = await ask(0);
  const ahead = clockAhead(first, environment) ?? 0;
  const again = first.status === 401 && Math.abs(ahead) > bearableSkew;
  return tokenIn(again ? await ask(ahead) : first, environment);
}

/** The keys that a machine may sign in with. */
export interface SigningKeys {
  /** In the order they are tried. */
  signingKeys(): readonly MachineKey[];
  /** The service has accepted this one. Returns whether it is another than before. */
  accepted(key: MachineKey): boolean;
}

/** Holds the machine's token for the agent API and renews it after two thirds of its life. Calls at the same time share one request. */
export class MachineTokens {
  readonly #ask: (signal: AbortSignal) => Promise<Token>;
  readonly #environment: Environment;
  #held: { readonly value: string; readonly renewAt: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(service: TokenService, principalId: string, keys: SigningKeys, environment: Environment) {
    this.#ask = async (signal) => {
      const tried = keys.signingKeys();
      for (const [at, key] of tried.entries()) {
        try {
          const principal = { principalId, privateKey: key.privateKey };
          const token = await machineToken(service, principal, agentScope, environment, signal);
          keys.accepted(key);
          return token;
        } catch (error) {
          // A next key that the service does not know yet; the one before may still be the machine's.
          const unknown = error instanceof ServerRefusal && error.status === 401;
          if (!unknown || at === tried.length - 1) throw error;
        }
      }
      throw new Error('There is no key to sign in with.');
    };
    this.#environment = environment;
  }

  /** Gets another token at once, whatever is held. */
  async renew(signal: AbortSignal): Promise<void> {
    await this.#asking?.catch(() => undefined);
    this.#held = undefined;
    await this.get(signal);
  }

  async get(signal: AbortSignal): Promise<string> {
    if (this.#held !== undefined && this.#environment.monotonic() < this.#held.renewAt) return this.#held.value;
    this.#asking ??= this.#renew(signal).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The service did not accept this token: the next call gets another. */
  drop(value: string): void {
    if (this.#held?.value === value) this.#held = undefined;
  }

  async #renew(signal: AbortSignal): Promise<string> {
    const token = await this.#ask(signal);
    const renewAt = this.#environment.monotonic() + token.expiresInSeconds * 1000 * (2 / 3);
    this.#held = { value: token.value, renewAt };
    return token.value;
  }
}

async function requestToken(
  service: TokenService,
  form: Readonly<Record<string, string>>,
  environment: Environment,
  signal: AbortSignal,
): Promise<Token> {
  return tokenIn(await postForm(service, form, signal), environment);
}

function postForm(
  service: TokenService,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return service.http.request(
    {
      method: 'POST',
      url: tokenUrl(service),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString(),
      timeoutMilliseconds,
      signal,
    },
    answerBytes,
  );
}

function tokenIn(answer: HttpAnswer, environment: Environment): Token {
  const { access_token, expires_in } = jsonOf(answer, tokenAnswerSchema, 'Signing in');
  return { value: access_token, expiresInSeconds: expires_in, clockAhead: clockAhead(answer, environment) };
}

function tokenUrl(service: TokenService): URL {
  return new URL(`/${service.tenantId}/oauth2/v2.0/token`, service.endpoint);
}

function clockAhead(answer: HttpAnswer, environment: Environment): number | undefined {
  const theirs = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(theirs) ? undefined : environment.now() - theirs;
}

/** A short-lived statement, signed with the machine's key, that the service accepts once (`private_key_jwt`). */
function clientAssertion(
  principal: MachinePrincipal,
  audience: string,
  environment: Environment,
  clockAheadMilliseconds: number,
): string {
  const now = Math.floor((environment.now() - clockAheadMilliseconds) / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const { principalId } = principal;
  const claims = {
    iss: principalId,
    sub: principalId,
    aud: audience,
    jti: environment.guid(),
    iat: now,
    exp: now + 300,
  };
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), principal.privateKey).toString('base64url')}`;
}
