/** Whether a file is still the same one, without reading it. */
import { statSync } from 'node:fs';

/** Changes whenever the file is replaced or written to; '' when there is none. Decisions read the file itself: this only says when to look. */
export function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? '' : `${found.dev} ${found.ino} ${found.ctimeNs} ${found.size}`;
}
