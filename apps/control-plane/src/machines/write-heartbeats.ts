/** A group of heartbeats, read and written. */
import { messageOf } from '@sallyport/model';
import type { HeartbeatRequest, UnchangedHeartbeat } from '@sallyport/model/wire';
import type { RowWriter } from '../store/row-writer.ts';
import { contentOf, heartbeatRow, unchangedRow, type HeartbeatContent, type HeartbeatRow } from './heartbeat-row.ts';
import { readHeartbeat } from './read-heartbeat.ts';

/** A heartbeat as it came. */
export type SentHeartbeat = readonly [vmId: string, text: string, receivedAt: number];

/** What the answer to a heartbeat depends on, or why it is none. */
export type ReadHeartbeat =
  | {
      readonly heartbeat: Pick<HeartbeatRequest, 'generation' | 'beat' | 'holdSeconds'>;
      /** What it said is called that from now on, if it said everything. */
      readonly contentHash?: string;
    }
  /** It says that all is as it was, and of its machine something else is kept. */
  | 'content-unknown'
  | { readonly malformed: string };

/** The rows of a group, by machine: of several heartbeats of one the last counts. */
class GroupRows {
  readonly #written = new Map<string, { readonly content: HeartbeatContent; readonly row: HeartbeatRow }>();
  readonly #refreshed = new Map<string, HeartbeatRow>();

  whole(vmId: string, heartbeat: HeartbeatRequest, receivedAt: number): HeartbeatContent {
    const content = contentOf(heartbeat);
    this.#written.set(vmId, { content, row: heartbeatRow(vmId, content, heartbeat, receivedAt) });
    this.#refreshed.delete(vmId);
    return content;
  }

  /** Whether it is as it was is only known of a machine that has said everything in this very group. */
  unchanged(vmId: string, heartbeat: UnchangedHeartbeat, receivedAt: number): boolean | undefined {
    const content = this.#written.get(vmId)?.content;
    if (content === undefined) {
      this.#refreshed.set(vmId, unchangedRow(vmId, heartbeat, receivedAt));
      return undefined;
    }
    if (content.contentHash !== heartbeat.contentHash) return false;
    this.#written.set(vmId, { content, row: heartbeatRow(vmId, content, heartbeat, receivedAt) });
    return true;
  }

  /** Writes them; gives the machines of which all is as it was. */
  async write(write: RowWriter): Promise<ReadonlySet<string>> {
    const written = [...this.#written.values()].map(({ row }) => row);
    const refreshed = [...this.#refreshed.values()];
    if (written.length + refreshed.length === 0) return new Set();
    return write(inOrder(written), inOrder(refreshed));
  }
}

/** Always in one order: two control planes that write the same machines cannot stand in each other's way. */
function inOrder(rows: HeartbeatRow[]): readonly HeartbeatRow[] {
  return rows.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes those that are heartbeats, as one commit. Resolves when they are on disk. */
export async function writeHeartbeats(
  write: RowWriter,
  sent: readonly SentHeartbeat[],
): Promise<readonly ReadHeartbeat[]> {
  const rows = new GroupRows();
  /** Those of which the database knows whether all is as it was. */
  const asked = new Map<number, ReadHeartbeat>();
  const read = sent.map(([vmId, text, receivedAt], index): ReadHeartbeat => {
    let heartbeat: HeartbeatRequest | UnchangedHeartbeat;
    try {
      heartbeat = readHeartbeat(text);
    } catch (error) {
      return { malformed: messageOf(error) };
    }
    const { generation, beat, holdSeconds } = heartbeat;
    const answered = { heartbeat: { generation, beat, holdSeconds } };
    if (!('contentHash' in heartbeat)) {
      const { contentHash } = rows.whole(vmId, heartbeat, receivedAt);
      return { ...answered, contentHash };
    }
    const isAsItWas = rows.unchanged(vmId, heartbeat, receivedAt);
    if (isAsItWas === undefined) asked.set(index, answered);
    return isAsItWas === true ? answered : 'content-unknown';
  });
  const known = await rows.write(write);
  return read.map((one, index) => {
    const [vmId] = sent[index] ?? [''];
    return (known.has(vmId) ? asked.get(index) : undefined) ?? one;
  });
}
