/** A thread that walks one stretch of the log and says how it went. Started by `walking-threads.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { LogNotIntact, type Walked } from './chain-walk.ts';
import { walkStretch, type StretchTask } from './walk-stretch.ts';

/** How it went. Whatever else is thrown ends the thread. */
export type StretchReport = { readonly walked: Walked } | { readonly broken: string };

async function report(): Promise<StretchReport> {
  try {
    return { walked: await walkStretch(workerData as StretchTask) };
  } catch (error) {
    if (error instanceof LogNotIntact) return { broken: error.message };
    throw error;
  }
}

// Nothing is handed over: it is copied.
parentPort?.postMessage(await report(), []);
