/** The thread of {@link readThrough}: it has the descriptor's number as its data and says {@link ThreadMessage}s. */
import { parentPort, workerData } from 'node:worker_threads';
import { ArchiveError } from '@sallyport/archive';
import { readHere, type ThreadMessage } from './read-through.ts';

const say = (message: ThreadMessage): void => parentPort?.postMessage(message, []);

try {
  await readHere(Number(workerData), (seen) => say({ seen }));
} catch (error) {
  if (!(error instanceof ArchiveError)) throw error;
  say({ refusal: { code: error.code, message: error.message } });
}
