/**
 * The files of an export: for each day one of events, a JSON object a line as the API serves them, and beside it one of their places in the
 * chain, a position and a hash a line. Line for line they belong together. Both are only ever added to.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { chainedValues } from './chain.ts';
import { eventKeys } from './event-row.ts';
import type { LogHead } from './head-of-log.ts';

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

const hashedSchema = z.object({
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
  return chainedValues({ ...eventKeys(parseJson(hashedSchema, text, 'The event')), event: text });
}
