/** Heartbeats made durable in groups: whatever arrived while the last commit ran is the next commit (measured best: no timer). */
import type { Environment } from '../environment.ts';
import type { HeartbeatWriter } from './heartbeat-writer.ts';
import type { ReadHeartbeat, SentHeartbeat } from './write-heartbeats.ts';

export interface HeartbeatRecorder {
  /** Takes a heartbeat as it was sent. Resolves when it is on disk, or with what is wrong with it. */
  record(vmId: string, text: string): Promise<ReadHeartbeat>;
}

/** A recorder over a writer. */
export function createHeartbeatRecorder(environment: Environment, writer: HeartbeatWriter): HeartbeatRecorder {
  let pending: SentHeartbeat[] = [];
  let batch: Promise<readonly ReadHeartbeat[]> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function commit(): Promise<readonly ReadHeartbeat[]> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await last;
    const sent = pending;
    pending = [];
    batch = undefined;
    const written = writer.write(sent);
    last = written.catch(() => undefined);
    return written;
  }

  return {
    record: async (vmId, text) => {
      const index = pending.push([vmId, text, environment.now()]) - 1;
      batch ??= commit();
      const read = (await batch)[index];
      if (read === undefined) throw new Error('A heartbeat was written and not answered.');
      return read;
    },
  };
}
