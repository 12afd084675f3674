/** The control plane's API for machines. What it answers is a proposal: the catalog proves, the server disposes. */
import {
  heartbeatResponseSchema,
  statementAnswerSchema,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type KeyRenewal,
  type ReportRequest,
  type StatementAnswer,
  type StatementRequest,
  type UnchangedHeartbeat,
} from '@sallyport/model/wire';
import type { ChannelRequestName } from '@sallyport/model/channel';
import type { AgentExchanges } from './agent-exchange.ts';
import type { HttpAnswer } from './http-client.ts';
import { parseGoal, type HeardGoal } from './heard-goal.ts';
import { jsonOf, jsonTextOf, refusalOf } from './json-answer.ts';

export interface AgentApi {
  /** Held by the centre for up to `holdSeconds` of the request. */
  heartbeat(request: HeartbeatRequest | UnchangedHeartbeat, signal: AbortSignal): Promise<HeartbeatResponse>;
  goalState(signal: AbortSignal): Promise<HeardGoal>;
  report(request: ReportRequest, signal: AbortSignal): Promise<void>;
  /** Brings the key that this machine wants to sign in with from now on. */
  bringKey(renewal: KeyRenewal, signal: AbortSignal): Promise<void>;
  /** Brings what this machine signed of itself; is shown where the activity log stands. */
  bringStatement(statement: StatementRequest, signal: AbortSignal): Promise<StatementAnswer>;
}

const goalStateBytes = 16 * 1024 * 1024;
const smallBytes = 64 * 1024;
const requestMilliseconds = 30_000;

/** The API for one machine. Every call throws `ServerRefusal` or `HttpError` when it did not succeed. */
export function agentApi(exchanges: AgentExchanges): AgentApi {
  const bring = (
    what: Exclude<ChannelRequestName, 'goal-state'>,
    value: unknown,
    signal: AbortSignal,
    timeoutMilliseconds = requestMilliseconds,
  ): Promise<HttpAnswer> =>
    exchanges({ what, body: JSON.stringify(value), maximumBytes: smallBytes, timeoutMilliseconds }, signal);

  return {
    async heartbeat(request, signal) {
      const timeout = (request.holdSeconds + 30) * 1000;
      const answer = await bring('heartbeat', request, signal, timeout);
      return jsonOf(answer, heartbeatResponseSchema, 'The heartbeat');
    },
    async goalState(signal) {
      const limits = { maximumBytes: goalStateBytes, timeoutMilliseconds: requestMilliseconds };
      const answer = await exchanges({ what: 'goal-state', ...limits }, signal);
      return parseGoal(jsonTextOf(answer, 'The goal state'));
    },
    async report(request, signal) {
      const answer = await bring('reports', request, signal);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, 'The report');
    },
    async bringKey(renewal, signal) {
      const answer = await bring('keys', renewal, signal);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, 'The next key of this machine');
    },
    async bringStatement(statement, signal) {
      const answer = await bring('statements', statement, signal);
      return jsonOf(answer, statementAnswerSchema, 'The statement of this machine');
    },
  };
}
