/** Which of a machine's own lists, as the machine told them, stands in an extension's way. The machine decides, from its own file (S4.3). */
import { extensionKey, formatExtensionName, type ExtensionName } from '@sallyport/model';
import type { AgentConfiguration } from '@sallyport/model/wire';

/** A clause for a sentence; undefined when none does. In monitor mode the lists told are the managed ones. */
export function blockedByLists(extension: ExtensionName, controls: AgentConfiguration): string | undefined {
  const name = formatExtensionName(extension);
  if (names(controls.extensionsBlockList, extension)) return `extensions.blocklist on the machine names ${name}`;
  if (controls.extensionsAllowList.length > 0 && !names(controls.extensionsAllowList, extension))
    return `extensions.allowlist on the machine does not name ${name}`;
  return undefined;
}

function names(list: AgentConfiguration['extensionsAllowList'], extension: ExtensionName): boolean {
  const key = extensionKey(extension);
  return list.some(({ publisher, type }) => `${publisher}/${type}`.toLowerCase() === key);
}
