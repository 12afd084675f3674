/** Fetching the files of `fileUris`: bounded in size and time, never followed to anything but http and https. */
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import type { RemoteFile } from './file-name.ts';
import { Refusal } from './refusal.ts';
import { dos2unix, isScript } from './script-text.ts';

export interface DownloadLimits {
  /** Bytes of one file. */
  readonly bytes: number;
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly silence: number;
  /** Milliseconds for one file in all. */
  readonly time: number;
  /** How often a file is tried. */
  readonly attempts: number;
  /** Milliseconds before the second try; twice as many before the third, and so on. */
  readonly pause: number;
}

export const downloadLimits: DownloadLimits = {
  bytes: 1024 * 1024 * 1024,
  silence: 60_000,
  time: 30 * 60_000,
  attempts: 3,
  pause: 1000,
};

/** Text files up to this size get Unix line ends; larger ones are no scripts. */
const convertLimit = 16 * 1024 * 1024;
const redirects = 5;

/** Downloads into `folder` under the file's name, readable and executable by its owner only. Throws {@link Refusal}. */
export async function download(
  file: RemoteFile,
  folder: string,
  skipDos2Unix: boolean,
  limits = downloadLimits,
): Promise<void> {
  const path = join(folder, file.name);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fetchTo(file, path, limits);
      break;
    } catch (error) {
      const permanent = error instanceof Refusal || attempt >= limits.attempts;
      const reason = error instanceof Error ? error.message : String(error);
      if (permanent) throw new Refusal(`Downloading ${file.shown} failed: ${reason}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, limits.pause * 2 ** (attempt - 1)));
  }
  convert(path, file.name, skipDos2Unix);
  chmodSync(path, 0o500);
}

async function fetchTo(file: RemoteFile, path: string, limits: DownloadLimits): Promise<void> {
  const deadline = AbortSignal.timeout(limits.time);
  const response = await open(file.url, deadline, limits, redirects);
  const target = openSync(path, 'w', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of response) {
      const piece = chunk as Buffer;
      bytes += piece.length;
      if (bytes > limits.bytes) throw new Refusal(`it is larger than ${limits.bytes} bytes.`);
      writeSync(target, piece);
    }
    const announced = response.headers['content-length'];
    if (announced !== undefined && Number(announced) !== bytes)
      throw new Error(`it ended after ${bytes} of ${announced} bytes.`);
  } finally {
    response.destroy();
    closeSync(target);
  }
}

function open(url: URL, deadline: AbortSignal, limits: DownloadLimits, left: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    const request = get(url, { signal: deadline, timeout: limits.silence, headers: { 'user-agent': 'custom-script' } });
    request.on('timeout', () =>
      request.destroy(new Error(`nothing was received for ${limits.silence / 1000} seconds.`)),
    );
    request.on('error', reject);
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      if (status === 200) return resolve(response);
      response.resume();
      if (![301, 302, 303, 307, 308].includes(status)) return reject(refusedBy(status));
      const next = nextAddress(url, response.headers.location, left);
      if (next instanceof Refusal) return reject(next);
      return resolve(open(next, deadline, limits, left - 1));
    });
  });
}

/** What the server will say again is final; overload and its own errors are worth another try. */
function refusedBy(status: number): Error {
  const message = `the server answered ${status}.`;
  return status >= 500 || status === 408 || status === 429 ? new Error(message) : new Refusal(message);
}

function nextAddress(from: URL, location: string | undefined, left: number): URL | Refusal {
  if (left === 0) return new Refusal('it is redirected too often.');
  if (location === undefined || !URL.canParse(location, from)) return new Refusal('it is redirected to nowhere.');
  const next = new URL(location, from);
  const downgrade = from.protocol === 'https:' && next.protocol !== 'https:';
  if (downgrade || (next.protocol !== 'https:' && next.protocol !== 'http:')) {
    return new Refusal(`it is redirected from ${from.protocol} to ${next.protocol}, which is not followed.`);
  }
  return next;
}

function convert(path: string, name: string, skipDos2Unix: boolean): void {
  if (skipDos2Unix) return;
  const content = readFileSync(path);
  if (content.length > convertLimit || !isScript(name, content)) return;
  const converted = dos2unix(content);
  if (!converted.equals(content)) writeFileSync(path, converted);
}
