/** The process that unpacks, seen from inside: requests on stdin, answers on stdout, packages at descriptor 3 and after it. */
import { readSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { UnpackRequest } from './unpack-request.ts';
import { unpackVerified } from './unpack-verified.ts';

/**
 * Hashing and inflating are not JavaScript, so optimizing compilers earn nothing here and take up to 12 MB; and where hostile bytes are
 * read, code that is not generated has no faults. Said here and not on the command line: told by then, Node would compile its own modules
 * anew instead of taking them ready-made, which is a third of this process's start.
 */
function leaveOutCompilers(): void {
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
}

/** Answers one request after another until there are no more. Reads and writes synchronously: it has nothing else to do, and Node's streams take longer to load. */
export async function runUnpackProcess(): Promise<void> {
  leaveOutCompilers();
  for (let text = nextLine(); text !== ''; text = nextLine()) {
    // From the agent that started this process, over a pipe that nobody else has: its types hold.
    const request = JSON.parse(text) as UnpackRequest;
    const bytes = Buffer.from(`${JSON.stringify(await unpackVerified(request))}\n`);
    let written = 0;
    while (written < bytes.length) written += writeSync(1, bytes, written);
  }
}

const lineFeed = 10;

/** Empty when nothing more is asked. The next request comes after the answer to this one: a line ends where a read does. */
function nextLine(): string {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = Buffer.allocUnsafe(4096);
    const read = readSync(0, piece);
    if (read > 0) pieces.push(piece.subarray(0, read));
    if (read === 0 || piece[read - 1] === lineFeed) return Buffer.concat(pieces).toString('utf8');
  }
}
