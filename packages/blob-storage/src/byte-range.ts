/** Ranges of bytes, for implementations of storages. */
import type { ByteRange } from './blob-storage.ts';

/** The range with both ends. Throws RangeError when it is not within a blob of that length. */
export function rangeWithin(length: number, range: ByteRange | undefined): Required<ByteRange> {
  const start = range?.start ?? 0;
  const end = range?.end ?? length;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start || end > length) {
    throw new RangeError(`Bytes ${start} to ${end} are not within a blob of ${length} bytes.`);
  }
  return { start, end };
}
