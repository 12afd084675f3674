/** The protocol of ClamAV's daemon, over its socket: one command, the bytes if there are any, one answer. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';

/** How long one question may take, as a signal that ends it. */
export interface Patience {
  readonly signal: AbortSignal;
}

/** What the daemon answers to a command without bytes: `PING`, `VERSION`. Throws `ScannerMissing`, `ScannerTimedOut`. */
export async function askClamd(path: string, command: 'PING' | 'VERSION', patience: Patience): Promise<string> {
  return converse(path, command, undefined, patience);
}

/** The verdict on bytes: `OK`, or the name of what was found. Throws `ScannerMissing`, `ScannerTimedOut`, `ScannerFailed`. */
export async function scanStream(
  path: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
  patience: Patience,
): Promise<{ readonly found: string | undefined }> {
  const answer = await converse(path, 'INSTREAM', bytes, patience);
  if (answer === 'stream: OK') return { found: undefined };
  const [, found] = /^stream: (.{1,300}) FOUND$/.exec(answer) ?? [];
  if (found !== undefined) return { found };
  // Every other answer, ERROR first of all, means that nobody looked at the package to its end.
  throw new GalleryError('ScannerFailed', `The malware scanner could not scan: it answered '${answer.slice(0, 300)}'.`);
}

const longestAnswer = 4096;

async function converse(
  path: string,
  command: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer> | undefined,
  { signal }: Patience,
): Promise<string> {
  const socket = connect({ path, signal });
  try {
    await once(socket, 'connect').catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new GalleryError('ScannerMissing', `No malware scanner answers at '${path}': ${messageOf(error)}.`, {
        cause: error,
      });
    });
    const answer = readAnswer(socket);
    // What fails while sending is told by the answer, which is better informed, or by its absence.
    const sent = send(socket, command, bytes).catch(() => undefined);
    const text = await answer;
    await sent;
    return text;
  } catch (error) {
    if (error instanceof GalleryError) throw error;
    if (signal.aborted) throw new GalleryError('ScannerTimedOut', 'The malware scanner did not answer in time.');
    throw new GalleryError('ScannerFailed', `The malware scanner broke off: ${messageOf(error)}.`, { cause: error });
  } finally {
    socket.destroy();
  }
}

async function send(
  socket: Socket,
  command: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer> | undefined,
): Promise<void> {
  socket.write(`z${command}\0`);
  if (bytes === undefined) return;
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(chunk.length);
    socket.write(length);
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    if (socket.destroyed) return;
  }
  socket.write(Buffer.alloc(4));
}

async function readAnswer(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > longestAnswer) break;
    const end = text.indexOf('\0');
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error('it closed the connection without an answer');
}
