/**
 * The strict reader over every byte of a package, written nowhere. A large one is read on a thread of its own, so that hashing and copying
 * it go on beside.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  ArchiveError,
  bytesOfFile,
  defaultArchiveLimits,
  walkPackage,
  type ArchiveErrorCode,
  type PackageReceiver,
} from '@sallyport/archive';

/** Below that starting a thread costs more than it saves. */
const smallBytes = 4 * 1024 * 1024;
/** A gallery has memory for larger pieces than machines. */
const pieceBytes = 512 * 1024;
/** Content between two messages of the thread. */
const toldEvery = 1024 * 1024;

/** What the thread says: how much it has seen, or what it refuses. */
export type ThreadMessage =
  | { readonly seen: number }
  | { readonly refusal: { readonly code: ArchiveErrorCode; readonly message: string } };

/**
 * Reads the package open at `descriptor`; `seen` is told how many bytes of the content have been. Throws `ArchiveError`, and the signal's
 * reason when nobody wants to know any more.
 */
export async function readThrough(
  descriptor: number,
  seen: (bytes: number) => void,
  stopped: AbortSignal,
): Promise<void> {
  const bytes = bytesOfFile(descriptor);
  if (bytes.length < smallBytes) return readHere(descriptor, seen);
  stopped.throwIfAborted();
  const thread = new Worker(new URL('read-through-thread.ts', import.meta.url), { workerData: descriptor });
  let refusal: ArchiveError | undefined;
  thread.on('message', (said: ThreadMessage) => {
    if ('seen' in said) seen(said.seen);
    else refusal = new ArchiveError(said.refusal.code, said.refusal.message);
  });
  const stop = (): void => void thread.terminate();
  stopped.addEventListener('abort', stop);
  try {
    // What it throws besides a refusal comes as 'error', which makes this throw it.
    const [code] = (await once(thread, 'exit')) as [number];
    if (refusal !== undefined) throw refusal;
    stopped.throwIfAborted();
    if (code !== 0) throw new Error(`The thread that reads the package ended with ${code}.`);
  } finally {
    stopped.removeEventListener('abort', stop);
  }
}

/** The same on this thread. */
export async function readHere(descriptor: number, seen: (bytes: number) => void): Promise<void> {
  let done = 0;
  let told = 0;
  const receiver: PackageReceiver = {
    directory() {},
    file: (_entry, content) =>
      content((piece) => {
        done += piece.length;
        if (done - told < toldEvery) return;
        told = done;
        seen(done);
      }),
  };
  await walkPackage(bytesOfFile(descriptor), defaultArchiveLimits, receiver, { pieceBytes });
}
