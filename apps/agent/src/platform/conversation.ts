/**
 * Calls between a process of the agent and one that it has started, over the channel that only these two have. Both are the same
 * program, so what comes over it has the types it was sent with.
 */
import { CodedError, messageOf } from '@sallyport/model';

/** One end of the channel: `process` or a child process. */
export interface ChannelEnd {
  readonly connected: boolean;
  send?: (message: Message, callback: (error: Error | null) => void) => boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

/** What one side can be asked, by name. */
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

type Message =
  | { readonly call: string; readonly id: number; readonly args: readonly unknown[] }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: SentFailure };

/** What goes over the channel of a failure. */
export interface SentFailure {
  readonly code: string;
  readonly message: string;
  /** Of a server that refused: HTTP's status, and when it says to come again. */
  readonly refusal?: { readonly status: number; readonly retryAfterSeconds?: number };
}

/** How failures cross the channel: what is sent of one, and what the other side throws for that. */
export interface FailureForm {
  sent(error: unknown): SentFailure;
  thrown(sent: SentFailure): Error;
}

/** Code and message, nothing else. */
export const codedFailures: FailureForm = {
  sent: (error) => ({
    code: error instanceof CodedError ? String(error.code) : 'InternalError',
    message: messageOf(error),
  }),
  thrown: ({ code, message }) => new CodedError(code, message),
};

export interface Conversation<Theirs extends Calls> {
  /** Asks the other side. Rejects with what it threw, or when it is gone before it has answered. */
  call<K extends keyof Theirs & string>(
    name: K,
    ...args: Parameters<Theirs[K]>
  ): Promise<Awaited<ReturnType<Theirs[K]>>>;
  /** How often each side has been asked so far. */
  readonly asked: { readonly there: number; readonly here: number };
}

/** A call without an answer so far. What comes is what the other side's call gives. */
interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Answers the other side's calls with `own`. Both sides use the same form of failures. */
export function converse<Theirs extends Calls>(
  end: ChannelEnd,
  own: Calls,
  failures: FailureForm = codedFailures,
): Conversation<Theirs> {
  const waiting = new Map<number, Waiting>();
  const asked = { there: 0, here: 0 };

  const send = (message: Message): void => {
    // Whoever is gone hears nothing: that is told by 'disconnect'.
    if (end.connected) end.send?.(message, () => undefined);
  };

  async function answer(name: string, id: number, args: readonly unknown[]): Promise<void> {
    try {
      const call = own[name] as ((...args: readonly unknown[]) => unknown) | undefined;
      if (call === undefined) throw new Error(`There is no call '${name}'.`);
      send({ answer: id, value: await call(...args) });
    } catch (error) {
      send({ answer: id, failure: failures.sent(error) });
    }
  }

  end.on('message', (received) => {
    const message = received as Message;
    if ('call' in message) {
      asked.here += 1;
      void answer(message.call, message.id, message.args);
      return;
    }
    const caller = waiting.get(message.answer);
    waiting.delete(message.answer);
    if ('failure' in message) caller?.reject(failures.thrown(message.failure));
    else caller?.resolve(message.value as never);
  });
  end.once('disconnect', () => {
    for (const one of waiting.values()) one.reject(new CodedError('Gone', 'The other process has ended.'));
    waiting.clear();
  });

  return {
    asked,
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (!end.connected) {
          reject(new CodedError('Gone', 'The other process has ended.'));
          return;
        }
        asked.there += 1;
        const id = asked.there;
        waiting.set(id, { resolve, reject });
        send({ call: name, id, args });
      }),
  };
}
