/** `azcmagent extension list` (arc-agent §1.7). */
import { handlerName } from '@sallyport/model';
import { handlerPaths } from '../../../extensions/handler-paths.ts';
import { extensionStore } from '../../../extensions/state/extension-store.ts';
import { agentPaths } from '../../../platform/paths.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(_invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const paths = agentPaths(environment.root);
  const { extensions, unreadable } = extensionStore(paths.extensionLogs).list();
  for (const problem of unreadable) voice.warn(`A record of an extension cannot be read: ${problem}`);
  for (const [i, { name, version, resourceName, phase }] of extensions.entries()) {
    if (i > 0) voice.line('');
    voice.line(`Extension: ${resourceName}`);
    voice.line(`Type: ${handlerName(name)}`);
    voice.line(`Version: ${version}`);
    voice.line(`Extension Path: ${handlerPaths(paths, name, version).directory}`);
    voice.line(`State: ${phase.toUpperCase()}`);
  }
  if (extensions.length === 0) voice.line('There are no extensions on this machine.');
  voice.value(
    extensions.map(({ name, version, resourceName, phase }) => ({
      extension: resourceName,
      publisher: name.publisher,
      type: name.type,
      version,
      path: handlerPaths(paths, name, version).directory,
      state: phase.toUpperCase(),
    })),
  );
}
