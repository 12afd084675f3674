/** The thread that reads and writes heartbeats, over a connection to the store of its own. Started by `heartbeat-writer.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@sallyport/model';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { openRowWriter } from '../store/open-row-writer.ts';
import type { StoreAddress } from '../store/store-address.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { heartbeatWriting } from './heartbeat-row.ts';
import { writeHeartbeats, type ReadHeartbeat, type SentHeartbeat } from './write-heartbeats.ts';

/** A group, or the end. */
export type ToHeartbeatThread = readonly SentHeartbeat[] | 'close';

/** About one group. */
export type FromHeartbeatThread =
  | { readonly read: readonly ReadHeartbeat[] }
  | { readonly failed: string; readonly isUnavailable: boolean };

// Agents are told what was expected where, as everybody is.
z.config(en());
const port = parentPort;
const writer = await openRowWriter(workerData as StoreAddress, heartbeatWriting);

async function answer(sent: readonly SentHeartbeat[]): Promise<FromHeartbeatThread> {
  try {
    return { read: await writeHeartbeats(writer.write, sent) };
  } catch (error) {
    if (error instanceof StoreUnavailable) return { failed: messageOf(error.cause), isUnavailable: true };
    return { failed: messageOf(error), isUnavailable: false };
  }
}

let last: Promise<void> = Promise.resolve();

async function end(): Promise<void> {
  await last;
  port?.close();
  await writer.close();
}

port?.on('message', (message: ToHeartbeatThread) => {
  if (message === 'close') void end();
  else last = answer(message).then((about) => port.postMessage(about, []));
});
