/** A program with all that it starts, as one: it ends with whoever started it, however that ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProcessGroup {
  /** Its exit code, 1 when a signal ended it. By then nothing of the group is left but what is about to end. */
  readonly code: Promise<number>;
  /** Ends all of it. */
  end(): void;
}

/** Beside the program, in its group: a process at whose descriptor nothing ever comes. That it closes says that nobody is there any more. */
const guarded = '{ cat <&3; kill -KILL 0; } & exec "$@" 3<&-';

/** Starts it in that folder, with the streams of this process. */
export function startGroup(program: string, words: readonly string[], cwd: string): ProcessGroup {
  const child = spawn('/bin/sh', ['-c', guarded, 'sh', program, ...words], {
    cwd,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: true,
  });
  const end = (): void => void child.stdio[3]?.destroy();
  const ended = async (): Promise<number> => {
    try {
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? 1;
    } finally {
      end();
    }
  };
  return { code: ended(), end };
}
