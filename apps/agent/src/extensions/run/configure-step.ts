/** What a handler finds before it is called: its folders, its environment file and its settings (handler contract §1). */
import { join } from 'node:path';
import {
  formatHandlerEnvironment,
  formatSettings,
  handlerEnvironmentFile,
  noSettings,
  type HandlerManifest,
} from '@sallyport/handler-contract';
import { handlerName, OperationFailure, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { ensureDirectory } from '../../platform/directory.ts';
import { DurableChanges } from '@sallyport/durable-files';
import type { AgentPaths } from '../../platform/paths.ts';
import { handlerPaths, settingsFile, type HandlerPaths } from '../handler-paths.ts';
import { requireNetworkWithheld } from '../network/require-network-withheld.ts';
import type { OperationContext } from '../operation-context.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { requireRecord } from '../state/require-record.ts';
import { manifestOf } from './handler-manifest-of.ts';
import { keepSettings } from './kept-settings.ts';
import { protectedSettingsFor } from './protected-settings.ts';

/** Whether the goal state gives the extension any settings. One without is called with sequence 0 and need not report. */
export function hasSettings(entry: GoalExtension): boolean {
  return entry.settings !== null || entry.protectedSettings.kind !== 'none';
}

/** The sequence number as handlers see it. */
export function handlerSequence(entry: GoalExtension): number {
  return hasSettings(entry) ? entry.sequence : 0;
}

/** Its folders and its environment file, durable with the commit of `changes`. Says where they are. */
export function prepareHandler(
  agent: AgentPaths,
  record: Pick<InstalledExtension, 'name' | 'version'>,
  changes: DurableChanges,
): HandlerPaths {
  const paths = handlerPaths(agent, record.name, record.version);
  ensureDirectory(paths.config, 0o700, changes);
  ensureDirectory(paths.status, 0o700, changes);
  ensureDirectory(agent.handlerLogs, 0o755, changes);
  ensureDirectory(paths.logs, 0o755, changes);
  ensureDirectory(paths.events, 0o700, changes);
  changes.write(
    join(paths.directory, handlerEnvironmentFile),
    formatHandlerEnvironment({
      name: handlerName(record.name),
      logFolder: paths.logs,
      configFolder: paths.config,
      statusFolder: paths.status,
      heartbeatFile: paths.heartbeat,
      eventsFolder: paths.events,
    }),
    0o644,
  );
  return paths;
}

/** Writes them. Also done again before an enable: extensions scrub their settings, and every enable finds them whole. */
export async function configure(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, entry, supplies } = context;
  const record = requireRecord(version, context);
  // What was right before the download may have changed since; from here on the version before is stopped.
  if (record.phase === 'placed') requireNetworkWithheld(record, context);
  requireSharing(entry, record, manifestOf(version, context));
  const changes = new DurableChanges();
  const paths = prepareHandler(host.paths, record, changes);
  const secret = await protectedSettingsFor(
    entry,
    host.paths,
    host.environment,
    supplies?.machineKey,
    context.findings.secrets,
  );
  const text = hasSettings(entry)
    ? formatSettings({
        publicSettings: entry.settings,
        protectedSettings: secret?.cms ?? null,
        protectedSettingsCertThumbprint: secret?.thumbprint ?? null,
      })
    : noSettings;
  const extensionName = record.sharing === undefined ? undefined : entry.extensionName;
  changes.write(settingsFile(paths, handlerSequence(entry), extensionName), text, 0o600);
  const kept = { sequence: handlerSequence(entry), text, ...(secret === undefined ? {} : { protected: secret }) };
  keepSettings(host.paths, { ...record, extensionName }, kept, changes);
  const committed = changes.commit();
  context.ahead?.begin();
  await committed;
  if (secret !== undefined) context.findings.protectedSettingsStored = true;
}

/** The centre goes by what the catalog says of a package; the package itself has the last word (handler contract §5). */
function requireSharing(entry: GoalExtension, record: InstalledExtension, manifest: HandlerManifest): void {
  if (record.sharing === undefined || manifest.supportsMultipleExtensions) return;
  const message = `Handler ${handlerName(record.name)} does not support MultiConfig but the control plane expects it for '${entry.resourceName}', failing due to inconsistent data.`;
  throw new OperationFailure('ManifestMalformed', message);
}
