/** What `azcmagent logs` puts together: logs and state, never keys, secrets or settings. */
import { closeSync, constants, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { messageOf } from '@sallyport/model';
import { isMissing } from '@sallyport/durable-files';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { machineFacts } from '../service/machine-facts.ts';
import { redact } from './redact.ts';
import type { ZipFile } from './zip-writer.ts';

export interface LogBounds {
  /** The end of a longer file is what is kept. Bytes. */
  readonly file: number;
  /** Of all files together. What comes after that is named and left out. */
  readonly all: number;
}

/** Those of the handler contract (§7). */
const usualBounds: LogBounds = { file: 30 * 1024 * 1024, all: 150 * 1024 * 1024 };

/** The files, redacted. `full` adds rotated logs and the status files of extensions. A file that cannot be read is named instead. */
export function collectLogs(
  environment: Environment,
  full: boolean,
  bounds: LogBounds = usualBounds,
): readonly ZipFile[] {
  const paths = agentPaths(environment.root);
  const isLog = (name: string): boolean => (full ? /\.log(?:\.\d+)?$/ : /\.log$/).test(name);
  const wanted = [
    paths.agentConfig,
    paths.localConfig,
    join(paths.guestConfig, 'operations.json'),
    join(paths.guestConfig, 'order.json'),
    ...filesBelow(paths.logs, isLog),
    ...filesBelow(paths.managerLogs, isLog),
    ...filesBelow(paths.extensionLogs, (name) => name === 'state.json'),
    ...filesBelow(paths.handlerLogs, (name) => full || name === 'CommandExecution.log'),
    ...(full
      ? filesBelow(paths.handlers, (name) =>
          /^(?:[^/]*\.status|HandlerState|HandlerStatus|HandlerManifest\.json)$/.test(name),
        )
      : []),
  ];
  const files: ZipFile[] = [{ path: 'show.txt', content: Buffer.from(shown(environment)) }];
  const leftOut: string[] = [];
  let room = bounds.all;
  for (const path of wanted) {
    const name = relative(environment.root, path);
    if (room <= 0) {
      leftOut.push(name);
      continue;
    }
    const found = textOf(path, Math.min(bounds.file, room));
    if (found === undefined) continue;
    room -= found.read;
    files.push({ path: name, content: Buffer.from(redact(found.text)) });
  }
  if (leftOut.length > 0) files.push({ path: 'left-out.txt', content: Buffer.from(`${leftOut.join('\n')}\n`) });
  return files;
}

function shown(environment: Environment): string {
  const lines = machineFacts(environment).map(({ name, value }) => `${name}: ${value ?? ''}`);
  return redact(`${lines.join('\n')}\n`);
}

/** Files below a directory whose own name is wanted. Links are not followed. */
function filesBelow(directory: string, wanted: (name: string) => boolean): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && wanted(basename(entry.name)))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The end of a file, and how much of it was read; what is wrong with it instead when it cannot be. */
function textOf(path: string, most: number): { readonly text: string; readonly read: number } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return isMissing(error) ? undefined : { text: `This file could not be read: ${messageOf(error)}\n`, read: 0 };
  }
  try {
    const { size, nlink } = fstatSync(file);
    // Folders of handlers may be those of a user who has no business with what the other name stands for (T57).
    if (nlink > 1) return { text: 'This file is left out: it has a second name elsewhere (a hard link).\n', read: 0 };
    const bytes = Buffer.alloc(Math.min(size, most));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.subarray(0, read).toString('utf8');
    // Half a line may hold half a secret, which nothing recognises any more.
    return { text: size > most ? text.slice(text.indexOf('\n') + 1) : text, read };
  } finally {
    closeSync(file);
  }
}
