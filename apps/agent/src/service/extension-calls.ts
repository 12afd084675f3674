/** What the agent's resident process and the process of its extension manager ask each other. */

import { ServerRefusal } from '../connection/json-answer.ts';
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

/** What the resident process answers. */
export type AgentCalls = Readonly<{
  /** The machine's token for the control plane. */
  token(): Promise<string>;
  /** That one was not accepted. */
  dropToken(value: string): void;
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
