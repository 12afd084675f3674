/** The script of the story: read and held against what Custom Script takes before anything is started for it. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CodedError, messageOf } from '@sallyport/model';
import { defaultScript } from './default-script.ts';

export interface TourScript {
  /** What the story calls it. */
  readonly name: string;
  /** As the setting `script` takes it: gzip in base64. */
  readonly encoded: string;
}

/** What `script` may be at most: characters as written, bytes unpacked (docs/reference/custom-script.md). */
const largest = { written: 256 * 1024, unpacked: 4 * 1024 * 1024 } as const;

/** Reads the user's script, or takes ours. Throws {@link CodedError} `NoScript` with what is wrong and what to do. */
export function readScript(file: string | undefined): TourScript {
  if (file === undefined) return { name: 'a script that reports on this machine', encoded: encode(defaultScript) };
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new CodedError(
      'NoScript',
      `The script ${file} cannot be read: ${messageOf(error)}. Name another with --script FILE.`,
      {
        cause: error,
      },
    );
  }
  if (content.length === 0) throw new CodedError('NoScript', `The script ${file} is empty: there is nothing to run.`);
  const encoded = encode(content);
  if (content.length > largest.unpacked || encoded.length > largest.written)
    throw new CodedError(
      'NoScript',
      `The script ${file} is too large: ${kilobytes(content.length)}, ${kilobytes(encoded.length)} compressed and in base64, and Custom Script takes ${kilobytes(largest.unpacked)} and ${kilobytes(largest.written)}. Put the large part behind an address and let a short script fetch it.`,
    );
  return { name: `the script ${file}`, encoded };
}

function encode(content: string | Buffer): string {
  return gzipSync(content).toString('base64');
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}
