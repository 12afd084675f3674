/** The environment variables of a handler's command, built from empty: nothing of the agent's own leaks in (T58). */
import type { HandlerVersion } from '@sallyport/model';
import { formatPythonJson } from './python-json.ts';

/** Which command, and what only that command is told. An exit code is undefined when that command was not run. */
export type HandlerCall =
  | { readonly command: 'install' | 'enable'; readonly uninstallExitCode: number | undefined }
  | {
      readonly command: 'update';
      readonly newVersion: HandlerVersion;
      readonly fromVersion: HandlerVersion;
      readonly disableExitCode: number | undefined;
    }
  | { readonly command: 'disable' | 'uninstall' };

export interface HandlerCommandContext {
  /** The handler's directory, absolute. */
  readonly directory: string;
  readonly version: HandlerVersion;
  /** The sequence of the settings that caused the call; 0 when there are none. */
  readonly sequence: number;
  readonly call: HandlerCall;
  /** Directories to search after the system's own, such as the one with the agent's Node. */
  readonly morePath?: readonly string[];
}

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Exactly what the command gets. */
export function handlerCommandEnvironment(context: HandlerCommandContext): Readonly<Record<string, string>> {
  return {
    PATH: [...systemPath, ...(context.morePath ?? [])].join(':'),
    HOME: '/root',
    LANG: 'C.UTF-8',
    AZURE_GUEST_AGENT_EXTENSION_PATH: context.directory,
    AZURE_GUEST_AGENT_EXTENSION_VERSION: context.version,
    AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS: '168.63.129.16',
    AZURE_GUEST_AGENT_EXTENSION_SUPPORTED_FEATURES: formatPythonJson([
      { Key: 'ExtensionTelemetryPipeline', Value: '1.0' },
    ]),
    ConfigSequenceNumber: String(context.sequence),
    ...ofCall(context.call),
  };
}

function ofCall(call: HandlerCall): Readonly<Record<string, string>> {
  if (call.command === 'update') {
    return {
      VERSION: call.newVersion,
      AZURE_GUEST_AGENT_UPDATING_FROM_VERSION: call.fromVersion,
      // 'None', where the other one says 'NOT_RUN': as extensions have always met it (contract §2).
      AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE: String(call.disableExitCode ?? 'None'),
    };
  }
  if (call.command === 'install' || call.command === 'enable') {
    return { AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE: String(call.uninstallExitCode ?? 'NOT_RUN') };
  }
  return {};
}
