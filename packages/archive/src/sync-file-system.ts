import { spawn } from 'node:child_process';

/** Where the system's own programs are; what this process was started with does not decide what runs. */
const systemPath = '/usr/bin:/bin:/usr/sbin:/sbin';

/** `syncfs`, which Node does not have, by the program that does nothing else. False where it is missing or fails. */
export function syncFileSystem(directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', directory], { stdio: 'ignore', cwd: '/', env: { PATH: systemPath } });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
