/** The enable command: decides at once whether there is something to run, then runs it in the background. */
import { closeSync, mkdirSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { download, downloadLimits } from './download.ts';
import { remoteFiles, type RemoteFile } from './file-name.ts';
import { runFolder, type HandlerFolders } from './handler-folders.ts';
import type { Log } from './log.ts';
import { openProtectedSettings } from './protected-settings.ts';
import { Refusal } from './refusal.ts';
import { outputOf, runScript, writeScript, type ScriptEnd } from './run-script.ts';
import { forgetRunner, liveRunner, recordRunner } from './runner-record.ts';
import { currentSequence, lastSequence, rememberSequence } from './sequence.ts';
import { joinSettings, parseSettingsFile, type Settings } from './settings.ts';
import { readStatusWord, writeStatus, type Status } from './status.ts';

/** A script may run this long, downloads included: 90 minutes. */
const limit = 90 * 60_000;
/** A script that is over sooner is reported before the command returns, which spares everybody a round of asking. */
const patience = 400;

/** Runs the command; `answer` tells the host its exit code and lets it go on. */
export async function enable(folders: HandlerFolders, log: Log, answer: (code: number) => void): Promise<void> {
  const sequence = currentSequence(folders.config, process.env['ConfigSequenceNumber']);
  if (sequence <= lastSequence(folders.handler)) {
    log(`enable ${sequence}: has run before, not run again`);
    settleUnfinished(folders, sequence);
    answer(0);
    return;
  }
  let settings: Settings;
  let files: readonly RemoteFile[];
  try {
    settings = readSettings(folders, sequence);
    files = remoteFiles(settings.fileUris);
  } catch (error) {
    const message =
      error instanceof Refusal ? error.message : 'The settings could not be read: they are not JSON, or not there.';
    log(`enable ${sequence}: refused: ${message}`);
    writeStatus(folders.status, sequence, { word: 'error', code: 1, message: `Enable failed: ${message}` });
    process.stderr.write(`${message}\n`);
    answer(1);
    return;
  }
  const folder = runFolder(folders, sequence);
  clearOlder(folders, sequence);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  recordRunner(folder, undefined);
  rememberSequence(folders.handler, sequence);
  writeStatus(folders.status, sequence, { word: 'transitioning', code: 0, message: 'Enable in progress.' });
  const timer = setTimeout(() => answer(0), patience);
  const status = await execute(settings, files, folder);
  forgetRunner(folder);
  writeStatus(folders.status, sequence, status);
  log(`enable ${sequence}: ${status.word} ${status.code}`);
  clearTimeout(timer);
  answer(0);
}

/** Everything that may take long. Whatever happens ends in a status. */
async function execute(settings: Settings, files: readonly RemoteFile[], folder: string): Promise<Status> {
  const deadline = Date.now() + limit;
  let script: string | undefined;
  try {
    script = writeScript(settings.source, folder, settings.skipDos2Unix);
    for (const file of files) {
      const time = Math.max(1, Math.min(downloadLimits.time, deadline - Date.now()));
      await download(file, folder, settings.skipDos2Unix, { ...downloadLimits, time });
    }
    const end = await runScript(script, folder, deadline - Date.now(), (group) => recordRunner(folder, group));
    return statusOf(end, outputOf(folder));
  } catch (error) {
    const message = error instanceof Refusal ? error.message : `The script could not be run: ${String(error)}`;
    return { word: 'error', code: 1, message: `Enable failed: ${message}` };
  } finally {
    // Protected settings lie on the disk in clear only while they are used (S1.7, T52).
    if (script !== undefined && settings.source.isProtected) rmSync(script, { force: true });
  }
}

function statusOf(end: ScriptEnd, output: string): Status {
  if (end.kind === 'timeout') {
    return {
      word: 'error',
      code: 124,
      message: `Enable failed: the script was ended because it ran longer than 90 minutes.\n${output}`,
    };
  }
  if (end.kind === 'signal') {
    return {
      word: 'error',
      code: 1,
      message: `Enable failed: the script was ended by the signal ${end.signal}.\n${output}`,
    };
  }
  if (end.code !== 0) {
    return {
      word: 'error',
      code: end.code,
      message: `Enable failed: the script ended with exit code ${end.code}.\n${output}`,
    };
  }
  return { word: 'success', code: 0, message: `Enable succeeded:\n${output}` };
}

function readSettings(folders: HandlerFolders, sequence: number): Settings {
  const { open, sealed } = parseSettingsFile(readFileSync(join(folders.config, `${sequence}.settings`), 'utf8'));
  return joinSettings(
    open,
    sealed === undefined ? {} : openProtectedSettings(folders.all, sealed.content, sealed.thumbprint),
  );
}

/** A status that is missing, or that still says 'transitioning' of a run that is no more, would be waited for in vain. */
function settleUnfinished(folders: HandlerFolders, sequence: number): void {
  const word = readStatusWord(folders.status, sequence);
  if (word === 'success' || word === 'error' || liveRunner(runFolder(folders, sequence)) !== undefined) return;
  const interrupted = word === 'transitioning';
  const message = interrupted
    ? "Enable failed: the script was interrupted before it ended, by a restart of the machine or an upgrade. It is not run again by itself; change 'timestamp' to run it once more."
    : 'Enable succeeded: these settings have been processed before; nothing was run again.';
  writeStatus(
    folders.status,
    sequence,
    interrupted ? { word: 'error', code: 1, message } : { word: 'success', code: 0, message },
  );
}

/** Removes what earlier sequences left, unless their script still runs. */
function clearOlder(folders: HandlerFolders, sequence: number): void {
  const parent = join(folders.data, 'download');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (name === String(sequence) || liveRunner(folder) === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Tells the shim, which waits on descriptor 3, the exit code; only the first answer counts. */
export function answerOnDescriptor(descriptor: number): (code: number) => void {
  let answered = false;
  return (code) => {
    if (answered) return;
    answered = true;
    try {
      writeSync(descriptor, String(code));
      closeSync(descriptor);
    } catch {
      // Nobody waits any more (the host gave up), or the command was started by hand: the status tells the result.
    }
  };
}
