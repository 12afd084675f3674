/** How long to leave a server alone after each of several failures in a row. */
import { backoff } from '../platform/backoff.ts';
import { askedToWait } from './asked-to-wait.ts';
import { ServerRefusal } from './json-answer.ts';

/**
 * Gives the wait after a failure, in milliseconds. Waits double from one second to sixty, and are longer where the server asks for more (T19).
 * One that says 429 is there and looks at how much it has to do, so it knows better than a wait that has grown: its word is taken as it
 * is, and waits begin anew. Otherwise who is refused once more at the end of an outage would be away for a minute longer than it is asked to.
 */
export function failureWaits(random: () => number): (error: unknown) => number {
  const newWaits = (): (() => number) => backoff({ firstSeconds: 1, mostSeconds: 60, random });
  let own = newWaits();
  return (error) => {
    const asked = askedToWait(error, random);
    if (asked === undefined) return own();
    if (!(error instanceof ServerRefusal && error.status === 429)) return Math.max(own(), asked);
    own = newWaits();
    return asked;
  };
}
