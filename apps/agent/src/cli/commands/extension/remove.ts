/** `azcmagent extension remove`: for troubleshooting and cleaning up; works while disconnected (S2.3). */
import { removeLocally } from '../../../extensions/remove-locally.ts';
import type { InstalledExtension } from '../../../extensions/state/installed-extension.ts';
import { Journal } from '../../../extensions/state/journal.ts';
import { unreadableOf, type UnreadableRecord } from '../../../extensions/state/unreadable-record.ts';
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
    const { extensions, unreadable } = host.store.list();
    const left = wanted === undefined ? unreadable : unreadable.filter((record) => isCalled(record, wanted));
    if (wanted !== undefined) refuseUnreadable(left);
    const named = wanted === undefined ? extensions : matching(extensions, wanted);
    const chosen = named.filter(({ name }) => unreadableOf(name, unreadable) === undefined);
    if (wanted !== undefined && chosen.length === 0) refuseUnreadable(unreadable.filter((one) => isOneOf(one, named)));
    for (const extension of groups(chosen)) {
      await removeLocally(extension, { host, journal, signal, warn: (text) => voice.warn(text) });
      for (const { name, version } of extension) voice.info(`Removed ${formatExtensionName(name)} ${version}`);
    }
    voice.value({
      status: 'success',
      removed: chosen.map(({ name, version }) => ({ extension: formatExtensionName(name), version })),
    });
    refuseUnreadable(left);
  } finally {
    lock.release();
  }
}

/** What is to be run of these to remove them is not known, so they stay as they are. */
function refuseUnreadable([first]: readonly UnreadableRecord[]): void {
  if (first === undefined) return;
  const { handler, version, problem } = first;
  const what = version === undefined ? handler : `${handler} ${version}`;
  throw new AzcmError('AZCM0001', `How far ${what} has come cannot be read, so it was not removed: ${problem}`, [
    'Where a newer version of the agent wrote that file, install that version again, then run this command again.',
    'Where it is damaged, move it away: then the extension counts as not installed, and its folder may be deleted.',
  ]);
}

/** The name of its resource is not known. */
function isCalled({ handler }: UnreadableRecord, wanted: string): boolean {
  const asked = wanted.trim().toLowerCase().replace('/', '.');
  return handler.toLowerCase() === asked || handler.toLowerCase().endsWith(`.${asked}`);
}

function isOneOf(record: UnreadableRecord, extensions: readonly InstalledExtension[]): boolean {
  return extensions.some(({ name }) => unreadableOf(name, [record]) !== undefined);
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
