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
      /** Of the handler; or of each of its extensions, where it has several. */
      readonly disableExitCode: number | undefined | readonly DisabledExtension[];
    }
  | { readonly command: 'disable' | 'uninstall' };

/** How the disable command of one of a handler's extensions ended; undefined when it was not run. */
export interface DisabledExtension {
  readonly extensionName: string;
  readonly exitCode: number | undefined;
}

export interface HandlerCommandContext {
  /** The handler's directory, absolute. */
  readonly directory: string;
  readonly version: HandlerVersion;
  /** The sequence of the settings that caused the call; 0 when there are none. */
  readonly sequence: number;
  /** For which of the handler's extensions, where it has several (contract §5). */
  readonly extensionName?: string;
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
    ...(context.extensionName === undefined ? {} : { ConfigExtensionName: context.extensionName }),
    ...ofCall(context.call),
  };
}

function ofCall(call: HandlerCall): Readonly<Record<string, string>> {
  if (call.command === 'update') {
    return {
      VERSION: call.newVersion,
      AZURE_GUEST_AGENT_UPDATING_FROM_VERSION: call.fromVersion,
      ...ofDisable(call.disableExitCode),
    };
  }
  if (call.command === 'install' || call.command === 'enable') {
    return { AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE: String(call.uninstallExitCode ?? 'NOT_RUN') };
  }
  return {};
}

function ofDisable(code: number | undefined | readonly DisabledExtension[]): Readonly<Record<string, string>> {
  // 'None', where the uninstall's says 'NOT_RUN': as extensions have always met it (contract §2).
  const word = (one: number | undefined): string => String(one ?? 'None');
  if (typeof code !== 'object') return { AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE: word(code) };
  const codes = code.map(({ extensionName, exitCode }) => ({ extensionName, exitCode: word(exitCode) }));
  return { AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS: formatPythonJson(codes) };
}
