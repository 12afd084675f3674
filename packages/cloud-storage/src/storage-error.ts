/** A storage that does not do what it is there for: out of reach, refusing, full. */
import { BlobMismatch } from '@sallyport/blob-storage';
import { CodedError, messageOf } from '@sallyport/model';

export class StorageError extends CodedError<'StorageUnavailable'> {
  override readonly name = 'StorageError';
}

/**
 * What went wrong in the storage `name`, as one sentence. What is not the storage's own failing goes on as it is: content that was refused,
 * a range that cannot be, a request that was called off, and what whoever gave the content threw. Never tells a query: it may be signed.
 */
export function storageFailure(name: string, error: unknown): unknown {
  const isOthers =
    error instanceof CodedError ||
    error instanceof BlobMismatch ||
    error instanceof RangeError ||
    error instanceof TypeError ||
    (error instanceof Error && error.name === 'AbortError');
  if (isOthers) return error;
  const reason = reasonOf(error)
    .replace(/\?[^\s]*/g, '')
    .replace(/\.$/, '');
  return new StorageError('StorageUnavailable', `The package storage ${name} cannot be used: ${reason}.`, {
    cause: error,
  });
}

/** SDKs put what happened into the name, and leave messages empty or in several lines. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const nested = error instanceof AggregateError ? error.errors.map(messageOf).join(', ') : '';
  const [line = ''] = (error.message === '' ? nested : error.message).split('\n');
  const status = httpStatusOf(error);
  if (/^Unknown(?:Error)?$/.test(error.name) && status !== undefined) return `HTTP ${status}`;
  const code = 'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : error.name;
  return line === '' || line === code ? code : line.includes(code) || code === 'Error' ? line : `${code}: ${line}`;
}

function httpStatusOf(error: Error): number | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return undefined;
  const { $metadata } = error;
  return 'httpStatusCode' in $metadata && typeof $metadata.httpStatusCode === 'number'
    ? $metadata.httpStatusCode
    : undefined;
}
