/** Programs a test may need that not every machine has. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Whether a program can be found on the PATH. For `describe.runIf`, with the need in the title: what is left out is named. */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      // Not there, or not for this user.
      return false;
    }
  });
}
