/** One request to the agent API and its answer, whichever way they go. */
import type { ChannelRequestName } from '@sallyport/model/channel';
import type { HttpAnswer } from './http-client.ts';

export interface AgentExchange {
  readonly what: ChannelRequestName;
  /** JSON; without one the request has no body. */
  readonly body?: string;
  /** Of the answer's body. */
  readonly maximumBytes: number;
  /** From the first byte sent to the last received, in milliseconds. */
  readonly timeoutMilliseconds: number;
}

/** Sends a request and gives its answer, whatever its status. Throws `HttpError` when there is none. */
export type AgentExchanges = (exchange: AgentExchange, signal: AbortSignal) => Promise<HttpAnswer>;

/** The same with a token that it is sent with. */
export type AgentWay = (exchange: AgentExchange, token: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** Where the machine's token comes from. */
export interface TokenSource {
  get(signal: AbortSignal): Promise<string>;
  /** That one was not accepted. */
  drop(value: string): void;
}

/** Exchanges with the machine's token. */
export function withTokens(tokens: TokenSource, way: AgentWay): AgentExchanges {
  return async (exchange, signal) => {
    const token = await tokens.get(signal);
    const answer = await way(exchange, token, signal);
    if (answer.status !== 401) return answer;
    // The service may have changed its signing key; one new token is worth a try.
    tokens.drop(token);
    return way(exchange, await tokens.get(signal), signal);
  };
}
