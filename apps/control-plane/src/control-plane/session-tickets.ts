/** The keys of session tickets over the life of a process: taken over from the one before, renewed in time, left to the next. */
import type { Environment } from '../environment.ts';
import { leaveTicketKeys, makeTicketKeys, millisecondsLeft, takeTicketKeys } from '../state/ticket-keys.ts';

export interface SessionTickets {
  /** What tickets are sealed with now. */
  readonly keys: Buffer;
  /** Renews them from now on; each time `use` is told. */
  renewWith(use: (keys: Buffer) => void): void;
  /** Renews them no more, and leaves them to the next process. */
  leave(): void;
  /** Renews them no more. */
  end(): void;
}

/** Takes what the process before has left at `path`, or begins anew. */
export function openSessionTickets(environment: Environment, path: string): SessionTickets {
  let current = takeTicketKeys(environment, path);
  let timer: NodeJS.Timeout | undefined;
  const renewWith = (use: (keys: Buffer) => void): void => {
    timer = setTimeout(
      () => {
        current = makeTicketKeys(environment);
        use(current.bytes);
        renewWith(use);
      },
      millisecondsLeft(current, environment.now()),
    );
    timer.unref();
  };
  const end = (): void => clearTimeout(timer);
  return {
    get keys() {
      return current.bytes;
    },
    renewWith,
    leave: () => {
      end();
      leaveTicketKeys(path, current);
    },
    end,
  };
}
