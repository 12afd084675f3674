/**
 * Where a command's output goes: a file without a name, which nobody can read or replace and which is gone with the last that
 * has it open (T57). Only its newest part is kept, so that a flood does not fill the disk (T45).
 */
import { closeSync, constants, fstatSync, ftruncateSync, readSync } from 'node:fs';
import { outputTailBytes } from '@sallyport/handler-contract';
import { openNameless } from '../../platform/nameless-file.ts';

/** Above this the file begins anew. */
export const mostOutputBytes = 16 * 1024 * 1024;

/** An open file. Whoever made it closes it. */
export class OutputFile {
  readonly descriptor: number;
  /** The end of what was thrown away. */
  #before: Uint8Array = new Uint8Array();

  /** `path` as {@link openNameless} takes it. */
  constructor(path: string) {
    // Appending: whoever writes goes on at the beginning when the file is emptied.
    this.descriptor = openNameless(path, constants.O_APPEND);
  }

  /** The end of all that was written, as much of it as any message needs. */
  tail(): Uint8Array {
    const { size } = fstatSync(this.descriptor);
    const bytes = Buffer.alloc(Math.min(size, outputTailBytes));
    const read = readSync(this.descriptor, bytes, 0, bytes.length, size - bytes.length);
    const end = bytes.subarray(0, read);
    return end.length >= outputTailBytes ? end : Buffer.concat([this.#before, end]).subarray(-outputTailBytes);
  }

  /** Throws away what is too much. To be called again and again while somebody may write. */
  trim(): void {
    if (fstatSync(this.descriptor).size <= mostOutputBytes) return;
    this.#before = this.tail();
    ftruncateSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
