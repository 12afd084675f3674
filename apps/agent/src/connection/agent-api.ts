/** The control plane's API for machines. What it answers is a proposal: the catalog proves, the server disposes. */
import {
  goalStateSchema,
  heartbeatResponseSchema,
  statementAnswerSchema,
  type GoalState,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type KeyRenewal,
  type ReportRequest,
  type StatementAnswer,
  type StatementRequest,
} from '@sallyport/model/wire';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { jsonOf, refusalOf } from './json-answer.ts';

export interface AgentApi {
  /** Held by the centre for up to `holdSeconds` of the request. */
  heartbeat(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatResponse>;
  goalState(signal: AbortSignal): Promise<GoalState>;
  report(request: ReportRequest, signal: AbortSignal): Promise<void>;
  /** Brings the key that this machine wants to sign in with from now on. */
  bringKey(renewal: KeyRenewal, signal: AbortSignal): Promise<void>;
  /** Brings what this machine signed of itself; is shown where the activity log stands. */
  bringStatement(statement: StatementRequest, signal: AbortSignal): Promise<StatementAnswer>;
}

/** Where the machine's token comes from. */
export interface TokenSource {
  get(signal: AbortSignal): Promise<string>;
  /** That one was not accepted. */
  drop(value: string): void;
}

export interface AgentApiOptions {
  readonly http: HttpClient;
  readonly tokens: TokenSource;
  readonly endpoint: string;
  readonly vmId: string;
}

const goalStateBytes = 16 * 1024 * 1024;
const smallBytes = 64 * 1024;
const requestMilliseconds = 30_000;

/** The API for one machine. Every call throws `ServerRefusal` or `HttpError` when it did not succeed. */
export function agentApi(options: AgentApiOptions): AgentApi {
  const base = `${options.endpoint}/agent/v1/machines/${encodeURIComponent(options.vmId)}`;

  async function call(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    maximumBytes: number,
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const send = async (): Promise<{ readonly token: string; readonly answer: HttpAnswer }> => {
      const token = await options.tokens.get(signal);
      const answer = await options.http.request(
        {
          method,
          url: new URL(`${base}/${path}`),
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          timeoutMilliseconds,
          signal,
        },
        maximumBytes,
      );
      return { token, answer };
    };
    const first = await send();
    if (first.answer.status !== 401) return first.answer;
    // The service may have changed its signing key; one new token is worth a try.
    options.tokens.drop(first.token);
    return (await send()).answer;
  }

  return {
    async heartbeat(request, signal) {
      const timeout = (request.holdSeconds + 30) * 1000;
      const answer = await call('POST', 'heartbeat', request, smallBytes, timeout, signal);
      return jsonOf(answer, heartbeatResponseSchema, 'The heartbeat');
    },
    async goalState(signal) {
      const answer = await call('GET', 'goal-state', undefined, goalStateBytes, requestMilliseconds, signal);
      return jsonOf(answer, goalStateSchema, 'The goal state');
    },
    async report(request, signal) {
      const answer = await call('POST', 'reports', request, smallBytes, requestMilliseconds, signal);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, 'The report');
    },
    async bringKey(renewal, signal) {
      const answer = await call('POST', 'keys', renewal, smallBytes, requestMilliseconds, signal);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, 'The next key of this machine');
    },
    async bringStatement(statement, signal) {
      const answer = await call('POST', 'statements', statement, smallBytes, requestMilliseconds, signal);
      return jsonOf(answer, statementAnswerSchema, 'The statement of this machine');
    },
  };
}
