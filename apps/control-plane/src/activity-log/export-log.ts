/**
 * Exports the activity log to files (`export-files.ts`), once or again and again into the same directory: each time it goes on where it
 * ended, also after it was killed in the middle. What is exported is held against the chain first.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { makeDirectories, syncDirectory } from '@sallyport/durable-files';
import { nextHash } from './chain.ts';
import { exportedDays, exportPaths, formatPlace, parsePlace, valuesOfEvent, type ExportPaths } from './export-files.ts';
import type { LogHead } from './head-of-log.ts';
import type { StoredEvent, StoredLog } from './stored-log.ts';

/** Where what is exported comes from. */
export interface ExportSource {
  readonly log: StoredLog;
  /** The checkpoint file of the state directory. */
  readonly checkpoints: string;
  readonly publicKey: string;
}

export interface LogExport {
  /** Position of the newest exported event; 0 while there is none. */
  upTo(): number;
  /** Exports what is there by now. Returns how many events that were. Throws what the file system says, and when events are missing or changed. */
  write(source: ExportSource): Promise<number>;
}

/** Opens a directory of exports, or makes it. Throws when its files are none. */
export function openExport(directory: string): LogExport {
  makeDirectories(directory, 0o700);
  const paths = exportPaths(directory);
  let { day, end } = newest(directory, paths);

  function append(events: readonly StoredEvent[]): void {
    const texts = { events: '', chain: '' };
    for (const [position, hash, ...values] of events) {
      follow(directory, end, position, hash, values);
      texts.events += `${values.at(-1) ?? ''}\n`;
      texts.chain += formatPlace({ position, hash });
      end = { position, hash };
    }
    // The place of an event says that the event is there.
    add(paths.events(day), texts.events);
    add(paths.chain(day), texts.chain);
    syncDirectory(directory);
  }

  return {
    upTo: () => end?.position ?? 0,
    write: async ({ log, checkpoints, publicKey }) => {
      // First, so that they name no event that comes too late for this time.
      const sealed = existsSync(checkpoints) ? readFileSync(checkpoints) : Buffer.alloc(0);
      let count = 0;
      for await (const page of log.pages({ after: end?.position ?? 0 })) {
        for (const [newDay, events] of byDay(page, day)) {
          day = newDay;
          append(events);
        }
        count += page.length;
      }
      copyNewLines(sealed, paths.checkpoints);
      if (!existsSync(paths.publicKey) && existsSync(publicKey)) copyFileSync(publicKey, paths.publicKey);
      return count;
    },
  };
}

/** Throws when an event does not follow on the one before it. */
function follow(
  directory: string,
  end: LogHead | undefined,
  position: number,
  hash: string,
  values: readonly string[],
): void {
  if (end !== undefined && position !== end.position + 1)
    throw new Error(
      `The events ${end.position + 1} to ${position - 1} were removed before they were exported to '${directory}'; export into another directory`,
    );
  const derived = valuesOfEvent(values.at(-1) ?? '');
  if (end !== undefined && nextHash(end.hash, derived) !== hash)
    throw new Error(
      `The chain of the activity log breaks at position ${position}: what is not intact is not exported. 'verify-activity-log' says more`,
    );
}

/** Events of a page by the day of their file. Days do not go back: an event that a clock dates earlier stands where it was written. */
function byDay(page: readonly StoredEvent[], from: string): ReadonlyMap<string, readonly StoredEvent[]> {
  const days = new Map<string, StoredEvent[]>();
  let day = from;
  for (const event of page) {
    // Position, hash, id, subscription, time.
    const own = (event[4] ?? '').slice(0, 10);
    if (own > day && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(own)) day = own;
    const events = days.get(day) ?? [];
    events.push(event);
    days.set(day, events);
  }
  return days;
}

/** Where the export ended; what was being written when it was killed is taken away. */
function newest(directory: string, paths: ExportPaths): { day: string; end: LogHead | undefined } {
  for (const day of exportedDays(directory).toReversed()) {
    const text = readFileSync(paths.chain(day), 'utf8');
    const places = text.split('\n').slice(0, -1);
    truncate(paths.chain(day), text.lastIndexOf('\n') + 1);
    const events = readFileSync(paths.events(day));
    let at = 0;
    for (const _place of places) {
      at = events.indexOf('\n', at) + 1;
      if (at === 0) throw new Error(`'${paths.events(day)}' has fewer events than '${paths.chain(day)}' has places`);
    }
    truncate(paths.events(day), at);
    const last = places.at(-1);
    if (last !== undefined) return { day, end: parsePlace(last) };
  }
  return { day: '0001-01-01', end: undefined };
}

function truncate(path: string, length: number): void {
  const file = openSync(path, 'r+');
  try {
    if (statSync(path).size > length) ftruncateSync(file, length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function add(path: string, text: string | Uint8Array): void {
  const file = openSync(path, 'a', 0o600);
  try {
    if (typeof text === 'string') writeSync(file, text);
    else writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function copyNewLines(sealed: Buffer, path: string): void {
  const there = existsSync(path) ? statSync(path).size : 0;
  const end = sealed.lastIndexOf('\n') + 1;
  if (end > there) add(path, sealed.subarray(there, end));
}
