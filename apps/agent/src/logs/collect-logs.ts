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

/** The end of a longer file is what is kept. */
const mostOfFile = 30 * 1024 * 1024;
const mostInAll = 150 * 1024 * 1024;

/** The files, redacted. `full` adds rotated logs and the status files of extensions. A file that cannot be read is named instead. */
export function collectLogs(environment: Environment, full: boolean): readonly ZipFile[] {
  const paths = agentPaths(environment.root);
  const isLog = (name: string): boolean => (full ? /\.log(?:\.\d+)?$/ : /\.log$/).test(name);
  const wanted = [
    paths.agentConfig,
    paths.localConfig,
    join(paths.guestConfig, 'operations.json'),
    ...filesBelow(paths.logs, isLog),
    ...filesBelow(paths.managerLogs, isLog),
    ...filesBelow(paths.extensionLogs, (name) => name === 'state.json'),
    ...filesBelow(paths.handlerLogs, (name) => full || name === 'CommandExecution.log'),
    ...(full ? filesBelow(paths.handlers, (name) => /^(?:[^/]*\.status|HandlerManifest\.json)$/.test(name)) : []),
  ];
  const files: ZipFile[] = [{ path: 'show.txt', content: Buffer.from(shown(environment)) }];
  let room = mostInAll;
  for (const path of wanted) {
    const text = textOf(path, Math.min(mostOfFile, room));
    if (text === undefined) continue;
    room -= text.length;
    files.push({ path: relative(environment.root, path), content: Buffer.from(redact(text)) });
  }
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

function textOf(path: string, most: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    return isMissing(error) ? undefined : `This file could not be read: ${messageOf(error)}\n`;
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, most));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
