import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readScript } from './script.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-script-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('a script is passed on byte for byte, whatever its mode and line ends', () => {
  const path = written('crlf.sh', 'echo hello\r\n\u00fc');
  const { name, encoded } = readScript(path);
  expect(name).toBe(`the script ${path}`);
  expect(gunzipSync(Buffer.from(encoded, 'base64')).toString()).toBe('echo hello\r\n\u00fc');
  expect(readScript(undefined).name).toContain('reports on this machine');
});

test('one that is not there, a folder, an empty one and one that is too large are told before anything starts', () => {
  expect(() => readScript(join(folder, 'none'))).toThrow(
    /The script .*none cannot be read: ENOENT.* Name another with --script FILE/,
  );
  expect(() => readScript(folder)).toThrow(/cannot be read: EISDIR/);
  expect(() => readScript(written('empty.sh', ''))).toThrow(/is empty: there is nothing to run/);
  expect(() => readScript(written('huge.sh', randomBytes(300_000)))).toThrow(
    /is too large: 293 KB, 391 KB compressed.*256 KB/,
  );
  expect(() => readScript(written('long.sh', '#'.repeat(5_000_000)))).toThrow(/is too large/);
});
