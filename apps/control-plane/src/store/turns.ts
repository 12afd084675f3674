/**
 * Transactions in turns, committed in groups: whatever came while the last commit ran is the next one. Each piece of work keeps its
 * own atomicity by a savepoint: one that fails takes nothing with it but itself. Nobody is answered before the commit (S2.2, T84).
 *
 * A commit waits for the disk, and that is nearly all a small change costs; a group pays it once.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { appendEvents } from '../activity-log/append-events.ts';
import { headOfLog } from '../activity-log/head-of-log.ts';
import type { Schema } from './schema/schema.ts';
import type { Writer } from './store.ts';

/** What runs in a turn. It may run again when the database asks for that, so it changes nothing but what the writer writes. */
export type Work<T> = (writer: Writer) => Promise<{ readonly value: T; readonly events: readonly ActivityEvent[] }>;

export interface TurnOptions {
  /** Runs first in each transaction: what keeps other processes out until it is over. */
  begin(transaction: Transaction<Schema>): Promise<void>;
  /** Whether a transaction that failed with this may simply be run again. */
  mayRunAgain(error: unknown): boolean;
  /** Sets the savepoint `turn`; when it is not the first of the transaction the one before is released. */
  savepoint(transaction: Transaction<Schema>, isFirst: boolean): Promise<void>;
  /** Whether this says that the database is gone, and everybody's work with it. */
  isGone(error: unknown): boolean;
  /** Runs a transaction while nobody else in this process writes, where there may be only one. */
  alone<T>(transaction: () => Promise<T>): Promise<T>;
}

/** More at once would make the first of a group wait too long for its answer. */
const mostTogether = 200;
const mostAttempts = 5;

interface Waiting {
  /** Does the work within the transaction; returns its events, and how to answer once they are written and all of it is committed. */
  attempt(writer: Writer): Promise<{ readonly events: readonly ActivityEvent[]; readonly answer: () => void }>;
  fail(error: unknown): void;
}

/** A queue of work over one connection that writes. */
export function createTurns(database: Kysely<Schema>, options: TurnOptions): <T>(work: Work<T>) => Promise<T> {
  const waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) await commitOrFail(waiting.splice(0, mostTogether));
    running = false;
  }

  async function commitOrFail(group: readonly Waiting[]): Promise<void> {
    try {
      for (const answer of await again(() => options.alone(() => commit(group)))) answer();
    } catch (error) {
      if (group.length > 1 && !options.isGone(error)) {
        // Something that no savepoint could take back, such as an event that cannot be written: whose it is shows one by one.
        for (const work of group) await commitOrFail([work]);
        return;
      }
      for (const work of group) work.fail(error);
    }
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
      const answers: (() => void)[] = [];
      const events: ActivityEvent[] = [];
      for (const work of group) {
        // One alone needs no savepoint: it fails with its transaction.
        if (group.length > 1) await options.savepoint(transaction, work === group[0]);
        try {
          const done = await work.attempt(transaction);
          events.push(...done.events);
          answers.push(done.answer);
        } catch (error) {
          if (group.length === 1 || options.isGone(error) || options.mayRunAgain(error)) throw error;
          await sql`ROLLBACK TO SAVEPOINT turn`.execute(transaction);
          answers.push(() => work.fail(error));
        }
      }
      // All at once: one statement for a group, in the order of its changes.
      if (events.length > 0) await appendEvents(transaction, await headOfLog(transaction), events);
      return answers;
    });
  }

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({
        attempt: async (writer) => {
          const { value, events } = await work(writer);
          return { events, answer: () => resolve(value) };
        },
        fail: reject,
      });
      if (running) return;
      running = true;
      void run();
    });
}
