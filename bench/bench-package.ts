/** Packages of known size, the same at every run. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { noopHandler } from '@sallyport/testkit';
import { ZipFile } from 'yazl';

/** Bytes that compress to about a half, the same at every run. */
function bytes(length: number, seed: number): Buffer {
  const content = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    content.writeUInt16LE(state & 0xffff, i);
  }
  return content;
}

/** The package that verifying and unpacking is measured with: 64 MB in one file and 2,000 small ones. */
export async function writeBenchPackage(file: string): Promise<void> {
  const zip = new ZipFile();
  // The gallery publishes nothing without one.
  zip.addBuffer(Buffer.from(noopHandler['HandlerManifest.json'] ?? ''), 'HandlerManifest.json');
  zip.addBuffer(bytes(64 * 1024 * 1024, 7), 'bin/program', { mode: 0o755 });
  for (let i = 0; i < 2_000; i += 1) zip.addBuffer(bytes(18 * 1024, i + 11), `share/part-${i % 40}/file-${i}.txt`);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

/** One of 2 GB: 32 files of 64 MB, every fourth of them compressed. */
export async function writeHugePackage(file: string): Promise<void> {
  const zip = new ZipFile();
  const content = bytes(64 * 1024 * 1024, 7);
  for (let i = 0; i < 32; i += 1)
    zip.addBuffer(content, `data/part-${i}`, i % 4 === 0 ? { compressionLevel: 1 } : { compress: false });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}
