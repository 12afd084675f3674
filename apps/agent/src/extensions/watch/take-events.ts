/**
 * Takes what extensions put into their events folders and clears it away, newest first and bounded: it becomes lines of
 * `extension_events.log`, which `azcmagent logs` brings along. The control plane has no use for it (handler contract §7).
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isTelemetryFile, parseTelemetry, redactSignatures, telemetryBounds } from '@sallyport/handler-contract';
import { isMissing } from '@sallyport/durable-files';
import { messageOf } from '@sallyport/model';
import type { Log } from '../../platform/log.ts';
import { readFileStart } from '../../platform/read-file-start.ts';

/** Takes one folder's events. `redact` blanks out what must not be told. The files are gone afterwards, whatever they held. */
export function takeEvents(folder: string, handler: string, redact: (text: string) => string, log: Log): void {
  let room: number = telemetryBounds.events;
  let dropped = 0;
  const files = namesIn(folder).filter(isTelemetryFile);
  for (const name of newestFirst(files)) {
    const path = join(folder, name);
    if (room > 0) {
      const { events, dropped: unusable } = eventsIn(path);
      for (const event of events.slice(0, room)) {
        const message = redact(redactSignatures(event.message));
        log('info', 'event', {
          handler,
          task: event.task,
          eventLevel: event.level,
          at: event.timestamp,
          text: message,
        });
      }
      dropped += unusable + Math.max(0, events.length - room);
      room -= Math.min(room, events.length);
    } else dropped += 1;
    rmSync(path, { force: true, recursive: true });
  }
  if (dropped > 0) log('warn', 'events were left out: too many, too long, or not events', { handler, dropped });
}

/** Older extensions write `<digits>.tld` into a folder that all of them share: it is cleared, so that it fills no disk. */
export function clearOldEvents(folder: string): number {
  const files = namesIn(folder).filter((name) => /^[0-9]{1,40}\.tld$/.test(name));
  for (const name of files) rmSync(join(folder, name), { force: true, recursive: true });
  return files.length;
}

function eventsIn(path: string): ReturnType<typeof parseTelemetry> {
  try {
    const file = readFileStart(path, telemetryBounds.file);
    if (file === undefined) return { events: [], dropped: 0 };
    return file.size > telemetryBounds.file ? { events: [], dropped: 1 } : parseTelemetry(file.text);
  } catch {
    // A pipe, a link, a folder: no events.
    return { events: [], dropped: 1 };
  }
}

/** Names are numbers that grow, of any length. */
function newestFirst(names: readonly string[]): readonly string[] {
  const digits = (name: string): string => name.replace(/\D/g, '').replace(/^0+(?=\d)/, '');
  return names.toSorted((one, other) => {
    const [a, b] = [digits(one), digits(other)];
    return b.length - a.length || (a < b ? 1 : -1);
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw new Error(`The events folder ${folder} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
