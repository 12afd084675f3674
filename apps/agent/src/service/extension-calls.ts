/** What the agent's resident process and the process of its extension manager ask each other. */

import type { AgentExchange, AgentExchanges } from '../connection/agent-exchange.ts';
import type { HttpAnswer } from '../connection/http-client.ts';
import { ServerRefusal } from '../connection/json-answer.ts';
import { unlessAborted } from '../platform/unless-aborted.ts';
import { codedFailures, type FailureForm } from '../platform/conversation.ts';

/** What the agent calls itself with to be the extension manager. */
export const extensionsWord = 'extension-manager-process';

/** What the manager answers. */
export type ManagerCalls = Readonly<{
  /** Fetches the goal state and begins what it asks for; gives its generation. */
  goal(): Promise<number>;
  /** The local controls are others now. */
  controlsChanged(): void;
  /** The centre can be reached: what could not be told before can be now. */
  connected(): void;
  /** The machine signs in with another key now. */
  keyChanged(): void;
  /** Ends operations, all of them for null; says on which resources. */
  cancel(wanted: string | null): readonly string[];
  /** Ends everything, and the process with it. */
  stop(): void;
}>;

/** The answer of a server as it crosses between the two. */
export interface AskedAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** What the resident process answers. */
export type AgentCalls = Readonly<{
  /** Sends a request to the agent API, with the machine's token, over the connection that is there. */
  ask(exchange: AgentExchange): Promise<AskedAnswer>;
  /** Nothing is left to do. `heard` is how often the manager had been asked by then. Says whether it may end. */
  done(heard: number): boolean;
}>;

/**
 * A server's refusal stays one, whichever of the two it was told: when it asked to be left alone for a while, the heartbeat of the one
 * and the reports of the other wait (T19).
 */
export const callFailures: FailureForm = {
  sent(error) {
    const sent = codedFailures.sent(error);
    if (!(error instanceof ServerRefusal)) return sent;
    const { status, retryAfterSeconds } = error;
    return { ...sent, refusal: { status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) } };
  },
  thrown(sent) {
    const { code, message, refusal } = sent;
    if (refusal === undefined) return codedFailures.thrown(sent);
    return new ServerRefusal(refusal.status, code, message, refusal.retryAfterSeconds);
  },
};

/** An answer, ready to cross. */
export function askedAnswer({ status, headers, body }: HttpAnswer): AskedAnswer {
  const { 'content-type': contentType, 'retry-after': retryAfter } = headers;
  return { status, contentType, retryAfter, text: body.toString('utf8') };
}

/** Exchanges of the process that has no connection of its own, through the one that has. */
export function askedExchanges(ask: AgentCalls['ask']): AgentExchanges {
  return async (exchange, signal) => {
    const { status, contentType, retryAfter, text } = await unlessAborted(ask(exchange), signal);
    const headers = {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    };
    return { status, headers, body: Buffer.from(text) };
  };
}
