/** Where one version of a handler lives (handler contract §1). */
import { join } from 'node:path';
import { handlerDirectoryName, settingsFileName, statusFileName } from '@sallyport/handler-contract';
import { handlerName, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import type { AgentPaths } from '../platform/paths.ts';

export interface HandlerPaths {
  readonly directory: string;
  readonly config: string;
  readonly status: string;
  readonly heartbeat: string;
  /** `/var/log/azure/<Publisher.Type>`: no version in it, and it survives an uninstall. */
  readonly logs: string;
  readonly events: string;
}

export function handlerPaths(paths: AgentPaths, name: ExtensionName, version: HandlerVersion): HandlerPaths {
  const directory = join(paths.handlers, handlerDirectoryName(handlerName(name), version));
  const logs = join(paths.handlerLogs, handlerName(name));
  return {
    directory,
    config: join(directory, 'config'),
    status: join(directory, 'status'),
    heartbeat: join(directory, 'heartbeat.log'),
    logs,
    events: join(logs, 'events'),
  };
}

/** The file a handler reports its success in; `extensionName` for one of several extensions of the handler. */
export function statusFile(paths: HandlerPaths, sequence: number, extensionName?: string): string {
  return join(paths.status, statusFileName(sequence, extensionName));
}

/** The file a handler finds its settings in; `extensionName` as for {@link statusFile}. */
export function settingsFile(paths: HandlerPaths, sequence: number, extensionName?: string): string {
  return join(paths.config, settingsFileName(sequence, extensionName));
}
