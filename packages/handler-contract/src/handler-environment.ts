/** `HandlerEnvironment.json`: where a handler finds its folders (contract §1). */
import { formatPythonJson } from './python-json.ts';

export const handlerEnvironmentFile = 'HandlerEnvironment.json';

/** All paths absolute. */
export interface HandlerEnvironment {
  /** `Publisher.Type`. */
  readonly name: string;
  readonly logFolder: string;
  readonly configFolder: string;
  readonly statusFolder: string;
  readonly heartbeatFile: string;
  readonly eventsFolder: string;
}

/**
 * The file's text: one array element, Python's spacing, `logFolder` not last. Shell shims cut the log folder out of it with
 * text tools, so the spelling is part of the contract.
 */
export function formatHandlerEnvironment(environment: HandlerEnvironment): string {
  const folders = formatPythonJson({
    logFolder: environment.logFolder,
    configFolder: environment.configFolder,
    statusFolder: environment.statusFolder,
    heartbeatFile: environment.heartbeatFile,
    eventsFolder: environment.eventsFolder,
    eventsFolder_preview: environment.eventsFolder,
  });
  // Put together by hand because JavaScript cannot write the number 1.0 with its decimal point.
  return `[{"name": ${formatPythonJson(environment.name)}, "version": 1.0, "handlerEnvironment": ${folders}}]`;
}
