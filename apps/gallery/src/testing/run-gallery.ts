/** For tests: the program as people run it, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface GalleryRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const program = join(import.meta.dirname, '../main.ts');

export function startGallery(gallery: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args, '--gallery', gallery], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs it to its end. */
export async function runGallery(gallery: string, ...args: readonly string[]): Promise<GalleryRun> {
  const child = startGallery(gallery, ...args);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('pipes were asked for');
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const [code, out, err] = await Promise.all([ended, text(stdout), text(stderr)]);
  return { code, stdout: out, stderr: err };
}
