/** The process that unpacks, seen from inside: one request on stdin, one answer on stdout, the package at descriptor 3. */
import { packageDescriptor, type UnpackRequest } from './unpack-request.ts';
import { unpackVerified } from './unpack-verified.ts';

/** Answers the one request and sets the exit code. */
export async function runUnpackProcess(): Promise<void> {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const piece of process.stdin as AsyncIterable<string>) text += piece;
  // Ended without being asked: the download failed, and there is nothing to do.
  if (text === '') return;
  // From the agent that started this process, over a pipe that nobody else has: its types hold.
  const answer = await unpackVerified(packageDescriptor, JSON.parse(text) as UnpackRequest);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
