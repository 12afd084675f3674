/** Opening the protected settings with the certificate pair beside the handlers (contract §9). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isObject, type JsonObject } from './json.ts';
import { Refusal } from './refusal.ts';

/** Decrypts with `openssl`, in memory. `folder` is where the pair lies. What openssl says may be shown: it names no content. */
export function openProtectedSettings(folder: string, content: string, thumbprint: string): JsonObject {
  if (!/^[0-9A-Fa-f]{40}$/.test(thumbprint))
    throw new Refusal('The thumbprint of the protected settings is malformed.');
  const pair = join(folder, thumbprint.toUpperCase());
  const args = ['cms', '-inform', 'DER', '-decrypt', '-recip', `${pair}.crt`, '-inkey', `${pair}.prv`];
  const run = spawnSync('openssl', args, {
    input: Buffer.from(content, 'base64'),
    maxBuffer: 16 * 1024 * 1024,
    timeout: 60_000,
  });
  if (run.error !== undefined)
    throw new Refusal(`The protected settings could not be opened: openssl did not run (${run.error.message}).`);
  if (run.status !== 0) {
    throw new Refusal(`The protected settings could not be opened with ${pair}.crt and .prv: ${lastLine(run.stderr)}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(run.stdout.toString('utf8'));
  } catch {
    // The parser's message would quote the content.
    throw new Refusal('The protected settings are not JSON.');
  }
  if (!isObject(parsed)) throw new Refusal('The protected settings are not a JSON object.');
  return parsed;
}

function lastLine(bytes: Buffer): string {
  return bytes.toString('utf8').trim().split('\n').at(-1) ?? '';
}
