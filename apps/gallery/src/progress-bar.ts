/** A bar on stderr for people who watch; nothing where nobody does. */
import type { GalleryContext } from './context.ts';

const width = 30;

export interface ProgressBar {
  show(this: void, step: string, done: number, total: number): void;
  clear(this: void): void;
}

export function progressBar({ process }: GalleryContext): ProgressBar {
  const { stderr } = process;
  let last = '';
  return {
    show(step, done, total) {
      if (!stderr.isTTY) return;
      const part = total <= 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(part * width);
      const line = `${step.padEnd(9)} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor(part * 100)} %`;
      if (line !== last) stderr.write(`\r${line}\u001b[K`);
      last = line;
    },
    clear() {
      if (last !== '') stderr.write('\r\u001b[K');
      last = '';
    },
  };
}
