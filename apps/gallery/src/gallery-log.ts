/**
 * What was done to a gallery: `log.jsonl`, one line for each act, whether it was done or refused. The same log whichever way packages came
 * in: published, imported, mirrored or carried in on a medium (T83). It is written after the act, for people; nothing is decided by it.
 */
import { appendFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { CodedError, messageOf } from '@sallyport/model';
import { GalleryError } from './gallery-error.ts';
import type { GalleryPlaces } from './gallery-places.ts';

export interface LoggedAct {
  /** As in the command line: `publish`, `bundle import`. */
  readonly act: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Does it, and writes down how that went. What it throws goes on; `LogUnwritable` when it was done and cannot be written down. */
export async function logged<T>(
  { places, now }: { readonly places: GalleryPlaces; readonly now: () => Date },
  { act, details }: LoggedAct,
  run: () => Promise<T>,
  result: (value: T) => Readonly<Record<string, unknown>>,
): Promise<T> {
  let value: T;
  try {
    value = await run();
  } catch (error) {
    const code =
      error instanceof CodedError || (error instanceof Error && error.name === 'ArchiveError')
        ? codeOf(error)
        : 'InternalError';
    try {
      write(places, now(), { act, outcome: 'refused', code, message: messageOf(error), ...details });
    } catch (unwritable) {
      // A full or read-only disk is likely why it was refused; that is what is to be told.
      throw new AggregateError([error, unwritable], messageOf(error), { cause: unwritable });
    }
    throw error;
  }
  try {
    write(places, now(), { act, outcome: 'done', ...details, ...result(value) });
  } catch (error) {
    const message = `It was done, but it could not be written into the log '${places.log}': ${messageOf(error)}.`;
    throw new GalleryError('LogUnwritable', message, { cause: error });
  }
  return value;
}

function codeOf(error: object): string {
  return 'code' in error ? String(error.code) : 'InternalError';
}

function write(places: GalleryPlaces, time: Date, event: Readonly<Record<string, unknown>>): void {
  const line = `${JSON.stringify({ time: time.toISOString(), by: userInfo().username, ...event })}\n`;
  try {
    // One write to a file opened for appending: lines of several processes do not mix. JSON keeps control characters out (T65).
    appendFileSync(places.log, line, { mode: 0o640 });
  } catch (error) {
    // Where there is no gallery there is nothing to log into; the refusal itself says that.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
