/** `azcmagent extension remove`: for troubleshooting and cleaning up; works while disconnected (S2.3). */
import { removeLocally } from '../../../extensions/remove-locally.ts';
import type { InstalledExtension } from '../../../extensions/state/installed-extension.ts';
import { Journal } from '../../../extensions/state/journal.ts';
import { extensionKey, formatExtensionName, handlerName } from '@sallyport/model';
import { takeProcessLock } from '../../../platform/process-lock.ts';
import { agentLockPath } from '../../../service/agent-status.ts';
import { extensionHost, journalPath } from '../../../service/extension-host.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, context: CommandContext): Promise<void> {
  const { environment, voice, signal } = context;
  const wanted = invocation.texts.get('name');
  const all = invocation.flags.has('all');
  if (all === (wanted !== undefined)) {
    throw new AzcmError('AZCM0016', 'Give either --name with the extension to remove, or --all.');
  }
  const lock = takeProcessLock(agentLockPath(environment.root));
  if (!lock.taken) {
    throw new AzcmError('AZCM0090', `The extension manager is running (process ${lock.holder}). Nothing was removed.`, [
      'Stop the agent first (end that process, or: systemctl stop extd), then run this command again.',
    ]);
  }
  try {
    const host = extensionHost(environment, process.argv[1] ?? '');
    const journal = new Journal(journalPath(environment.root));
    const { extensions } = host.store.list();
    const chosen = wanted === undefined ? extensions : matching(extensions, wanted);
    for (const extension of groups(chosen)) {
      await removeLocally(extension, { host, journal, signal, warn: (text) => voice.warn(text) });
      for (const { name, version } of extension) voice.info(`Removed ${formatExtensionName(name)} ${version}`);
    }
    voice.value({
      status: 'success',
      removed: chosen.map(({ name, version }) => ({ extension: formatExtensionName(name), version })),
    });
  } finally {
    lock.release();
  }
}

/** All versions of one extension at a time. */
function groups(extensions: readonly InstalledExtension[]): readonly (readonly InstalledExtension[])[] {
  return [...Map.groupBy(extensions, ({ name }) => extensionKey(name)).values()];
}

/** By resource name, type, `publisher/type` or `Publisher.Type`; must mean one extension. */
function matching(extensions: readonly InstalledExtension[], wanted: string): readonly InstalledExtension[] {
  const asked = wanted.trim().toLowerCase();
  const found = extensions.filter(({ name, resourceName }) =>
    [resourceName, name.type, formatExtensionName(name), handlerName(name)].some(
      (text) => text.toLowerCase() === asked,
    ),
  );
  if (groups(found).length === 1) return found;
  throw new AzcmError(
    'AZCM0023',
    found.length === 0
      ? `There is no extension '${wanted}' on this machine.`
      : `'${wanted}' means more than one extension.`,
    ['See them with: azcmagent extension list'],
  );
}
