/** Custom Script: one command of the handler contract per call. The shim in `bin/` handles those that need no program. */
import { dirname } from 'node:path';
import { answerOnDescriptor, enable } from './enable.ts';
import { readHandlerFolders } from './handler-folders.ts';
import { openLog } from './log.ts';
import { uninstall } from './uninstall.ts';

async function main(command: string | undefined, program: string): Promise<void> {
  const folders = readHandlerFolders(dirname(dirname(program)));
  const log = openLog(folders.log);
  if (command === 'enable') await enable(folders, log, answerOnDescriptor(3));
  else if (command === 'uninstall') uninstall(folders, log);
  else throw new Error(`'${command ?? ''}' is not a command of this program.`);
}

main(process.argv[2], process.argv[1] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
