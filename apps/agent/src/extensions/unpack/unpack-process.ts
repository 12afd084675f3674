/** The process that unpacks, seen from inside: one request on stdin, one answer on stdout, the package at descriptor 3. */
import { parseJson } from '@sallyport/model';
import { packageDescriptor, unpackRequestSchema } from './unpack-request.ts';
import { unpackVerified } from './unpack-verified.ts';

/** Answers the one request and returns the exit code. */
export async function runUnpackProcess(): Promise<number> {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const piece of process.stdin as AsyncIterable<string>) text += piece;
  // Ended without being asked: the download failed, and there is nothing to do.
  if (text === '') return 0;
  const answer = await unpackVerified(packageDescriptor, parseJson(unpackRequestSchema, text, 'The request'));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return 0;
}
