/**
 * The operator's door to the control plane: Azure Resource Manager's REST API, as any client speaks it. There is no private
 * way in (DESIGN: portal and CLI are ordinary clients).
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { CodedError, messageOf, parseJson } from '@sallyport/model';
import type { Connection } from './connection-file.ts';
import { send, type HttpAnswer, type HttpRequest } from './http.ts';
import { secondsToWait } from './patience.ts';

const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() });
const errorAnswer = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const tokenError = z.object({ error: z.string(), error_description: z.optional(z.string()) });
const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.optional(z.nullable(z.string())) });
const operationSchema = z.object({
  status: z.string(),
  error: z.optional(z.object({ code: z.string(), message: z.string() })),
});

type Headers = Readonly<Record<string, string>>;

/** Between two questions about an operation, where the control plane answers at once. Milliseconds. */
const rhythm = 100;

/** What became of a long-running operation. */
export type OperationOutcome =
  | { readonly status: 'Succeeded' }
  | { readonly status: 'Failed' | 'Canceled'; readonly code: string; readonly message: string };

export interface Accepted {
  readonly body: unknown;
  /** Address to ask for the outcome; absent when the request was over at once. */
  readonly operation?: string;
}

export interface ArmClient {
  readonly connection: Connection;
  /** The resource, or undefined when there is none (404). */
  get(path: string, apiVersion: string): Promise<unknown>;
  /** All pages of a collection. */
  list(path: string, apiVersion: string, query?: Readonly<Record<string, string>>): Promise<readonly unknown[]>;
  /** PUT, PATCH, POST or DELETE. */
  change(
    method: 'PUT' | 'PATCH' | 'POST' | 'DELETE',
    path: string,
    apiVersion: string,
    body?: unknown,
  ): Promise<Accepted>;
  /**
   * Asks until the operation is over; `between` is called before each question and may take its time. Each question waits for the end
   * for up to `waitSeconds` where the control plane can do that.
   */
  outcome(operation: string, between: () => Promise<void>, waitSeconds: number): Promise<OperationOutcome>;
  close(): void;
}

/** Opens the API with the credentials of a connection. Nothing is sent before the first call. */
export function openArmClient(connection: Connection): ArmClient {
  let certificate: Buffer;
  try {
    certificate = readFileSync(connection.caFile);
  } catch (error) {
    throw new CodedError('NoConnection', `The control plane's CA cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const agent = new Agent({ keepAlive: true, ca: certificate });
  const url = (path: string, query: Readonly<Record<string, string>>): URL => {
    const address = new URL(path, connection.endpoint);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    return address;
  };
  let token: { readonly text: string; readonly until: number } | undefined;

  async function bearer(): Promise<string> {
    if (token !== undefined && performance.now() < token.until) return token.text;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: connection.clientId,
      client_secret: connection.clientSecret,
      scope: `${connection.endpoint}/.default`,
    });
    const answer = await sendPatiently(agent, {
      method: 'POST',
      url: url(`/${connection.tenantId}/oauth2/v2.0/token`, {}),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    });
    if (answer.status !== 200) throw new CodedError('SignInFailed', `Sign-in was refused: ${signInMessage(answer)}`);
    const { access_token: text, expires_in: seconds } = parseJson(
      tokenAnswer,
      answer.body,
      'The answer of the token service',
    );
    token = { text, until: performance.now() + (seconds - 60) * 1000 };
    return text;
  }

  async function call(method: string, address: URL, body?: unknown, more: Headers = {}): Promise<HttpAnswer> {
    const answer = await sendPatiently(agent, {
      method,
      url: address,
      headers: {
        authorization: `Bearer ${await bearer()}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 400 && answer.status !== 404) throw armError(answer);
    return answer;
  }

  return {
    connection,
    close: () => agent.destroy(),
    async get(path, apiVersion) {
      const answer = await call('GET', url(path, { 'api-version': apiVersion }));
      return answer.status === 404 ? undefined : parseJson(z.unknown(), answer.body, `The answer for ${path}`);
    },
    async list(path, apiVersion, query = {}) {
      const items: unknown[] = [];
      let next: URL | undefined = url(path, { 'api-version': apiVersion, ...query });
      while (next !== undefined) {
        const answer: HttpAnswer = await call('GET', next);
        if (answer.status === 404) throw armError(answer);
        const page = parseJson(pageSchema, answer.body, `The answer for ${path}`);
        items.push(...page.value);
        next =
          typeof page.nextLink === 'string' && page.nextLink !== ''
            ? sameOrigin(page.nextLink, connection.endpoint)
            : undefined;
      }
      return items;
    },
    async change(method, path, apiVersion, body) {
      const answer = await call(method, url(path, { 'api-version': apiVersion }), body);
      if (answer.status === 404) throw armError(answer);
      const operation = answer.headers['azure-asyncoperation'];
      return {
        body: answer.body === '' ? undefined : parseJson(z.unknown(), answer.body, `The answer for ${path}`),
        ...(typeof operation === 'string' ? { operation } : {}),
      };
    },
    async outcome(operation, between, waitSeconds) {
      for (;;) {
        await between();
        const asked = performance.now();
        const prefer = { prefer: `wait=${waitSeconds}` };
        const answer = await call('GET', sameOrigin(operation, connection.endpoint), undefined, prefer);
        if (answer.status === 404) throw armError(answer);
        const { status, error } = parseJson(operationSchema, answer.body, 'The status of the operation');
        if (status === 'Succeeded') return { status };
        if (status === 'Failed' || status === 'Canceled') {
          return {
            status,
            code: error?.code ?? status,
            message: error?.message ?? 'The control plane gave no reason.',
          };
        }
        // One that does not wait for the end is not asked in a tight loop.
        if (performance.now() - asked < rhythm) await sleep(rhythm);
      }
    },
  };
}

/** Sends again what was answered with 429, when the control plane says (T19). */
async function sendPatiently(agent: Agent, request: HttpRequest): Promise<HttpAnswer> {
  for (let waited = 0; ;) {
    const answer = await send(agent, request);
    const retryAfter = answer.headers['retry-after'];
    const wait =
      answer.status === 429
        ? secondsToWait(typeof retryAfter === 'string' ? retryAfter : undefined, waited)
        : undefined;
    if (wait === undefined) return answer;
    await sleep(wait * 1000);
    waited += wait;
  }
}

/** The bearer token goes to the control plane and to nobody else, whatever an answer says. */
function sameOrigin(address: string, endpoint: string): URL {
  const target = new URL(address, endpoint);
  if (target.origin !== new URL(endpoint).origin)
    throw new CodedError(
      'ForeignAddress',
      `The control plane pointed to another server, ${target.origin}. Nothing was sent there.`,
    );
  return target;
}

function armError(answer: HttpAnswer): CodedError {
  try {
    const { error } = parseJson(errorAnswer, answer.body, 'The answer');
    return new CodedError(error.code, error.message);
  } catch {
    // Not an answer of the API (a proxy's page, say): its status is all there is to tell.
    return new CodedError(
      'UnexpectedAnswer',
      `The control plane answered with HTTP status ${answer.status} and no error of its API.`,
    );
  }
}

function signInMessage(answer: HttpAnswer): string {
  try {
    const { error, error_description: description } = parseJson(tokenError, answer.body, 'The answer');
    return description ?? error;
  } catch {
    // As above: only the status is known.
    return `HTTP status ${answer.status}`;
  }
}
