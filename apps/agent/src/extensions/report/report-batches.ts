/** Which reports go together in one request. Pure. */
import type { ExtensionReport } from '@sallyport/model/wire';
import { ServerRefusal } from '../../connection/json-answer.ts';

/** The centre takes half a megabyte in one request; one report has a tenth of that at most. Characters of JSON. */
const largestBatch = 200_000;

/** The reports in their order, in as few requests as the centre takes them in. */
export function inBatches(reports: readonly ExtensionReport[]): readonly (readonly ExtensionReport[])[] {
  const batches: ExtensionReport[][] = [];
  let room = 0;
  for (const report of reports) {
    const size = JSON.stringify(report).length;
    const last = batches.at(-1);
    if (last === undefined || size > room) {
      batches.push([report]);
      room = largestBatch - size;
    } else {
      last.push(report);
      room -= size;
    }
  }
  return batches;
}

/** Whether the centre refuses what was said, so that saying it again changes nothing. What only a proxy says is not the centre's word. */
export function isUnacceptable(error: unknown): boolean {
  return error instanceof ServerRefusal && error.code !== 'Unexpected' && [400, 413, 422].includes(error.status);
}
