/** A group of heartbeats, read and written. */
import { messageOf, parseJson } from '@sallyport/model';
import { heartbeatRequestSchema, type HeartbeatRequest } from '@sallyport/model/wire';
import type { RowWriter } from '../store/row-writer.ts';
import { compiledSchema } from './compiled-schema.ts';
import { heartbeatRow, type HeartbeatRow } from './heartbeat-row.ts';

const heartbeatSchema = compiledSchema<HeartbeatRequest>(heartbeatRequestSchema);

/** A heartbeat as it came. */
export type SentHeartbeat = readonly [vmId: string, text: string, receivedAt: number];

/** What the answer to a heartbeat depends on, or why it is none. */
export type ReadHeartbeat =
  | { readonly heartbeat: Pick<HeartbeatRequest, 'generation' | 'beat' | 'holdSeconds'> }
  | { readonly malformed: string };

/** Writes those that are heartbeats, as one commit. Of several of one machine the last counts. Resolves when they are on disk. */
export async function writeHeartbeats(
  write: RowWriter,
  sent: readonly SentHeartbeat[],
): Promise<readonly ReadHeartbeat[]> {
  const rows = new Map<string, HeartbeatRow>();
  const read = sent.map(([vmId, text, receivedAt]): ReadHeartbeat => {
    let heartbeat: HeartbeatRequest;
    try {
      heartbeat = parseJson(heartbeatSchema, text, 'The heartbeat');
    } catch (error) {
      return { malformed: messageOf(error) };
    }
    rows.set(vmId, heartbeatRow(vmId, heartbeat, receivedAt));
    const { generation, beat, holdSeconds } = heartbeat;
    return { heartbeat: { generation, beat, holdSeconds } };
  });
  // Always in one order: two control planes that write the same machines cannot stand in each other's way.
  if (rows.size > 0) await write([...rows.values()].sort(([a], [b]) => (a < b ? -1 : 1)));
  return read;
}
