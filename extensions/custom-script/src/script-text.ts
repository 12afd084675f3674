/** From the setting `script` to the bytes that run; and line ends as Unix has them. Pure. */
import { gunzipSync } from 'node:zlib';
import { Refusal } from './refusal.ts';

const unpackedLimit = 4 * 1024 * 1024;

/** Base64, with gzip inside or without. */
export function decodeScript(encoded: string): Buffer {
  const compact = encoded.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0) throw new Refusal("'script' is not base64.");
  const bytes = Buffer.from(compact, 'base64');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedLimit });
  } catch (error) {
    throw new Refusal(`'script' looks like gzip and could not be unpacked, or is larger than 4 MB.`, { cause: error });
  }
}

/** Whether a file is text that a shell or an interpreter reads, and may have come from an editor on Windows. */
export function isScript(name: string, content: Buffer): boolean {
  if (content.subarray(0, 8192).includes(0)) return false;
  const start = content.subarray(0, 5).toString('latin1');
  return (
    start.startsWith('#!') ||
    start.startsWith('\u00ef\u00bb\u00bf#!') ||
    /\.(sh|bash|zsh|ksh|py|pl|rb|awk|sed)$/i.test(name)
  );
}

/** Drops the byte order mark and turns CR LF into LF. */
export function dos2unix(content: Buffer): Buffer {
  const text = content.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  return Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1');
}
