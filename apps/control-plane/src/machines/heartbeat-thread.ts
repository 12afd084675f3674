/** The thread that reads and writes heartbeats, over a connection to the store of its own. Started by `heartbeat-writer.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@sallyport/model';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { sqliteRowWriter } from '../store/sqlite/row-writer.ts';
import { heartbeatWriting } from './heartbeat-row.ts';
import { writeHeartbeats, type ReadHeartbeat, type SentHeartbeat } from './write-heartbeats.ts';

/** A group, or the end. */
export type ToHeartbeatThread = readonly SentHeartbeat[] | 'close';

/** About one group. */
export type FromHeartbeatThread = { readonly read: readonly ReadHeartbeat[] } | { readonly failed: string };

// Agents are told what was expected where, as everybody is.
z.config(en());
const port = parentPort;
const writer = sqliteRowWriter(workerData as string, heartbeatWriting);

async function answer(sent: readonly SentHeartbeat[]): Promise<FromHeartbeatThread> {
  try {
    return { read: await writeHeartbeats(writer.write, sent) };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

let last: Promise<void> = Promise.resolve();

async function end(): Promise<void> {
  await last;
  port?.close();
  writer.close();
}

port?.on('message', (message: ToHeartbeatThread) => {
  if (message === 'close') void end();
  else last = answer(message).then((about) => port.postMessage(about, []));
});
