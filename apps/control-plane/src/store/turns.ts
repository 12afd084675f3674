/**
 * Transactions in turns, committed in groups: whatever came while the last commit ran is the next one. Each piece of work keeps its
 * own atomicity by a savepoint: one that fails takes nothing with it but itself. Nobody is answered before the commit (S2.2, T84).
 *
 * A commit waits for the disk, and that is nearly all a small change costs; a group pays it once.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { appendEvents } from '../activity-log/append-events.ts';
import { headOfLog, type LogHead } from '../activity-log/head-of-log.ts';
import type { Schema } from './schema.ts';
import type { Writer } from './store.ts';

/** What runs in a turn. It may run again when the database asks for that, so it changes nothing but what the writer writes. */
export type Work<T> = (writer: Writer) => Promise<{ readonly value: T; readonly events: readonly ActivityEvent[] }>;

export interface TurnOptions {
  /** Runs first in each transaction: what keeps other processes out until it is over. */
  begin(transaction: Transaction<Schema>): Promise<void>;
  /** Whether a transaction that failed with this may simply be run again. */
  mayRunAgain(error: unknown): boolean;
  /** Whether this says that the connection or the whole transaction is gone, so that no savepoint can be gone back to. */
  endsTransaction(error: unknown): boolean;
}

/** More at once would make the first of a group wait too long for its answer. */
const mostTogether = 200;
const mostAttempts = 5;

interface Waiting {
  /** Does the work within the transaction; returns how to answer once it is committed, and where the log ends then. */
  attempt(writer: Writer, head: LogHead): Promise<{ readonly head: LogHead; readonly answer: () => void }>;
  fail(error: unknown): void;
}

/** A queue of work over one connection that writes. */
export function createTurns(database: Kysely<Schema>, options: TurnOptions): <T>(work: Work<T>) => Promise<T> {
  const waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0, mostTogether);
      try {
        const answers = await again(() => commit(group));
        for (const answer of answers) answer();
      } catch (error) {
        for (const work of group) work.fail(error);
      }
    }
    running = false;
  }

  async function again<T>(transaction: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transaction();
      } catch (error) {
        if (attempt === mostAttempts || !options.mayRunAgain(error)) throw error;
      }
    }
  }

  function commit(group: readonly Waiting[]): Promise<readonly (() => void)[]> {
    return database.transaction().execute(async (transaction) => {
      await options.begin(transaction);
      let head = await headOfLog(transaction);
      const answers: (() => void)[] = [];
      for (const work of group) {
        // One alone needs no savepoint: it fails with its transaction.
        if (group.length === 1) {
          answers.push((await work.attempt(transaction, head)).answer);
          continue;
        }
        await sql`SAVEPOINT turn`.execute(transaction);
        try {
          const done = await work.attempt(transaction, head);
          head = done.head;
          answers.push(done.answer);
        } catch (error) {
          if (options.endsTransaction(error) || options.mayRunAgain(error)) throw error;
          await sql`ROLLBACK TO SAVEPOINT turn`.execute(transaction);
          answers.push(() => work.fail(error));
        }
        await sql`RELEASE SAVEPOINT turn`.execute(transaction);
      }
      return answers;
    });
  }

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({
        attempt: async (writer, head) => {
          const { value, events } = await work(writer);
          return { head: await appendEvents(writer, head, events), answer: () => resolve(value) };
        },
        fail: reject,
      });
      if (running) return;
      running = true;
      void run();
    });
}
