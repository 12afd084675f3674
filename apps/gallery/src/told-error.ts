/** What people are told of an error: one sentence with a code. Stack traces are for the unforeseen only. */
import { CodedError, messageOf } from '@sallyport/model';
import type { galleryCodes } from './gallery-error.ts';

export function toldError(error: unknown): string {
  // What was refused, and could not be logged either.
  if (error instanceof AggregateError) return toldError(error.errors[0]);
  if (error instanceof CodedError || (error instanceof Error && error.name === 'ArchiveError')) {
    return `${(error as CodedError).code}: ${error.message}`;
  }
  if (error instanceof Error && 'syscall' in error) return toldOfFile(error);
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

/** Whatever a command changes is there whole or not at all, so it may be run again. */
function toldOfFile(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const place = 'path' in error ? ` '${String(error.path)}'` : '';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const kind: keyof typeof galleryCodes = full ? 'StorageFull' : 'FileRefused';
  return full
    ? `${kind}: There is no room left on the disk${place === '' ? '' : ` of${place}`}: make room, then run the command again.`
    : `${kind}: The file system refuses${place}: ${messageOf(error).replace(/, \w+(?: '.*')?$/, '')}.`;
}
