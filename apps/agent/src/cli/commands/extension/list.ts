/** `azcmagent extension list` (arc-agent §1.7), with what stands in an extension's way. */
import { strandedBy } from '@sallyport/local-controls';
import { readControls } from '../../../config/read-controls.ts';
import { handlerPaths } from '../../../extensions/handler-paths.ts';
import { extensionStore } from '../../../extensions/state/extension-store.ts';
import { isWorking, type InstalledExtension } from '../../../extensions/state/installed-extension.ts';
import { keptTree } from '../../../extensions/unpack/staging.ts';
import { agentPaths, type AgentPaths } from '../../../platform/paths.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(_invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const paths = agentPaths(environment.root);
  const { extensions, unreadable } = extensionStore(paths.extensionLogs).list();
  const reading = readControls(environment);
  for (const { problem } of unreadable) voice.warn(`A record of an extension cannot be read: ${problem}`);
  const shown = extensions.flatMap(resourcesIn).map((extension) => ({
    extension: extension.resourceName,
    publisher: extension.name.publisher,
    type: extension.name.type,
    version: extension.version,
    path: pathOf(paths, extension),
    state: extension.phase.toUpperCase(),
    ...remarksOn(extension, isWorking(extension) ? strandedBy(extension.name, reading)?.message : undefined),
  }));
  for (const [i, one] of shown.entries()) {
    if (i > 0) voice.line('');
    voice.line(`Extension: ${one.extension}`);
    voice.line(`Type: ${one.publisher}.${one.type}`);
    voice.line(`Version: ${one.version}`);
    voice.line(`Extension Path: ${one.path}`);
    voice.line(`State: ${one.state}`);
    if (one.stranded !== undefined) voice.line(`Stranded: ${one.stranded}`);
    if (one.suspended !== undefined) voice.line(`Suspended: ${one.suspended}`);
    if (one.failed !== undefined) voice.line(`Failed: ${one.failed}`);
  }
  if (extensions.length + unreadable.length === 0) voice.line('There are no extensions on this machine.');
  voice.value(shown);
}

/** A handler that resources share is there once for each of them (handler contract §5); one that is leaving does not work any more. */
function resourcesIn(record: InstalledExtension): readonly InstalledExtension[] {
  const { sharing = [] } = record;
  if (sharing.length === 0) return [record];
  return sharing.map(({ resourceName, leaving }) => ({
    ...record,
    resourceName,
    phase: leaving === true ? 'installed' : record.phase,
  }));
}

interface Remarks {
  /** Why it can neither be reconfigured nor upgraded (S4.6). */
  readonly stranded?: string;
  /** Why it does not run though it is meant to (S4.11). */
  readonly suspended?: string;
  /** Why the upgrade to it failed, as long as that is not undone (T85), or why it could not be enabled again (S4.11). */
  readonly failed?: string;
}

function remarksOn({ suspended, failure, comeback }: InstalledExtension, stranded: string | undefined): Remarks {
  return {
    ...(stranded === undefined ? {} : { stranded: `${stranded} It stays as it is, and can be deleted.` }),
    ...(suspended === true
      ? { suspended: 'extensions.enabled is, or was, false; it comes back with the extension manager.' }
      : {}),
    ...(comeback?.kind === 'failed' ? { failed: `It could not be enabled again: ${firstLine(comeback.why)}` } : {}),
    ...(failure === undefined ? {} : { failed: firstLine(failure.message) }),
  };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** One that is kept lies aside until the version after it has proven itself. */
function pathOf(paths: AgentPaths, { name, version, phase }: InstalledExtension): string {
  return phase === 'kept' ? keptTree(paths, name, version) : handlerPaths(paths, name, version).directory;
}
