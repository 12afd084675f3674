/** The process that unpacks, seen from inside: one request on stdin, one answer on stdout, the package at descriptor 3. */
import { readFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { packageDescriptor, type UnpackRequest } from './unpack-request.ts';
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

/** Answers the one request. Reads and writes synchronously: it has nothing else to do, and Node's streams take longer to load. */
export async function runUnpackProcess(): Promise<void> {
  leaveOutCompilers();
  const text = readFileSync(0, 'utf8');
  // Ended without being asked: the download failed, and there is nothing to do.
  if (text === '') return;
  // From the agent that started this process, over a pipe that nobody else has: its types hold.
  const answer = await unpackVerified(packageDescriptor, JSON.parse(text) as UnpackRequest);
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  let written = 0;
  while (written < bytes.length) written += writeSync(1, bytes, written);
}
