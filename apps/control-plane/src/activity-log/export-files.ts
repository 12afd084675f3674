/**
 * The files of an export: for each day one of events, a JSON object a line as the API serves them, and beside it one of their places in the
 * chain, a position and a hash a line. Line for line they belong together. Both are only ever added to.
 */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { ActivityEvent } from './activity-event.ts';
import { chainedValues } from './chain.ts';
import { eventRow } from './event-row.ts';
import type { LogHead } from './head-of-log.ts';
import { eventsOnPage, type StoredEvent, type StoredLog } from './stored-log.ts';

export interface ExportPaths {
  readonly checkpoints: string;
  readonly publicKey: string;
  events(day: string): string;
  chain(day: string): string;
}

/** The paths in a directory of exports. */
export function exportPaths(directory: string): ExportPaths {
  return {
    checkpoints: join(directory, 'checkpoints'),
    publicKey: join(directory, 'activity-log-key.public.json'),
    events: (day) => join(directory, `${day}.jsonl`),
    chain: (day) => join(directory, `${day}.chain`),
  };
}

/** The days that there are files of, oldest first. */
export function exportedDays(directory: string): readonly string[] {
  return readdirSync(directory)
    .flatMap((name) => /^([0-9]{4}-[0-9]{2}-[0-9]{2})\.chain$/.exec(name)?.[1] ?? [])
    .toSorted();
}

/** A line of a chain file. */
export function formatPlace({ position, hash }: LogHead): string {
  return `${position} ${hash}\n`;
}

/** Throws when it is none. */
export function parsePlace(line: string): LogHead {
  const [, position, hash = ''] = /^([1-9][0-9]{0,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
  if (position === undefined) throw new Error(`'${line.slice(0, 100)}' is no place in a chain`);
  return { position: Number(position), hash };
}

const hashedSchema = z.looseObject({
  eventDataId: z.string(),
  subscriptionId: z.string(),
  eventTimestamp: z.string(),
  resourceGroupName: z.string(),
  resourceId: z.string(),
  resourceProviderName: z.object({ value: z.string() }),
  correlationId: z.string(),
  caller: z.string(),
  status: z.object({ value: z.string() }),
});

/** What the hash of an event covers, from its text alone. Throws for what is no event. */
export function valuesOfEvent(text: string): string[] {
  const event = parseJson(hashedSchema, text, 'The event');
  return chainedValues({ ...eventRow(event as unknown as ActivityEvent), event: text });
}

/** An export as whoever verifies it reads it. What is being written right now counts once its place is written. */
export function exportedLog(directory: string): StoredLog {
  const paths = exportPaths(directory);
  async function* everything(): AsyncGenerator<StoredEvent> {
    for (const day of exportedDays(directory)) {
      const events = lines(paths.events(day));
      for await (const line of lines(paths.chain(day))) {
        const place = parsePlace(line);
        const event = await events.next();
        // A line that is missing is a break of the chain, which the reader of the chain says.
        yield [place.position, place.hash, ...(event.done === true ? [] : valuesOfEvent(event.value))];
      }
      await events.return(undefined);
    }
  }
  const all = everything();
  return {
    after: async () => {
      const page: StoredEvent[] = [];
      while (page.length < eventsOnPage) {
        const next = await all.next();
        if (next.done === true) break;
        page.push(next.value);
      }
      return page;
    },
    cuts: () => Promise.resolve([]),
    close: async () => void (await all.return(undefined)),
  };
}

async function* lines(path: string): AsyncGenerator<string, undefined> {
  yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  return undefined;
}
