/** Where the host has put this handler. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from './json.ts';

export interface HandlerFolders {
  /** The handler's own directory. */
  readonly handler: string;
  readonly config: string;
  readonly status: string;
  readonly log: string;
  /** Two levels above the configuration: where all handlers live, and the certificates with them. */
  readonly all: string;
  /** `custom-script` beside the handlers: scripts, downloads and output. Root only. */
  readonly data: string;
}

/** Reads `HandlerEnvironment.json` of the handler's directory. */
export function readHandlerFolders(handler: string): HandlerFolders {
  const parsed: unknown = JSON.parse(readFileSync(join(handler, 'HandlerEnvironment.json'), 'utf8'));
  const first: unknown = Array.isArray(parsed) ? parsed[0] : undefined;
  const folders = isObject(first) ? first['handlerEnvironment'] : undefined;
  const folder = (key: string): string => {
    const value = isObject(folders) ? folders[key] : undefined;
    if (typeof value !== 'string') throw new Error(`HandlerEnvironment.json has no '${key}'.`);
    return value;
  };
  const config = folder('configFolder');
  const all = dirname(dirname(config));
  return {
    handler,
    config,
    status: folder('statusFolder'),
    log: folder('logFolder'),
    all,
    data: join(all, 'custom-script'),
  };
}

/** Where what belongs to one sequence lies: downloads, script, output. */
export function runFolder(folders: HandlerFolders, sequence: number): string {
  return join(folders.data, 'download', String(sequence));
}
