/** The uninstall command: ends what runs and removes everything the handler has left. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerFolders } from './handler-folders.ts';
import type { Log } from './log.ts';
import { killGroup } from './run-script.ts';
import { liveRunner } from './runner-record.ts';

export function uninstall(folders: HandlerFolders, log: Log): void {
  for (const folder of runFolders(folders.data)) {
    const runner = liveRunner(folder);
    if (runner === undefined) continue;
    // The runner first, so that it cannot report the end that we cause as the script's own.
    process.kill(runner.pid, 'SIGKILL');
    killGroup(runner.group);
    log('uninstall: ended a script that was running');
  }
  rmSync(folders.data, { recursive: true, force: true });
  log('uninstall: removed scripts, downloads and output');
}

function runFolders(data: string): readonly string[] {
  try {
    const parent = join(data, 'download');
    return readdirSync(parent).map((name) => join(parent, name));
  } catch {
    // It never ran anything.
    return [];
  }
}
