/** What is done for the activity log beside writing it: signing where it stands, exporting it, cutting off what is too old. */
import { writeDurably } from '@sallyport/durable-files';
import type { Configuration } from '../configuration.ts';
import type { Log } from '../http/log.ts';
import type { SigningKey } from '../identity/signing-key.ts';
import { repeatWork } from '../repeated-work.ts';
import type { Services } from '../services.ts';
import type { Identities } from '../state/first-identities.ts';
import type { StatePaths } from '../state/state-paths.ts';
import { openCheckpoints } from './checkpoint-writer.ts';
import { openExport, type LogExport } from './export-log.ts';
import { cutOldEvents } from './retention.ts';
import { logAddress, openStoredLog } from './stored-log.ts';

/** How often the log is sealed while it grows, and cut. */
const sealMilliseconds = 60_000;
const exportMilliseconds = 5_000;

/**
 * Signs where the activity log stands, now, every minute while it grows, and at the end (T67); exports and cuts it where the configuration
 * wants that. Throws when the log is shorter than it was, or the export directory cannot be used. Returns what ends it.
 */
export async function keepActivityLog(
  { environment, store }: Pick<Services, 'environment' | 'store'>,
  paths: StatePaths,
  configuration: Pick<Configuration, 'activityLogDays' | 'activityLogExport' | 'postgres'>,
  identities: Pick<Identities, 'tenantId' | 'subscriptionId'>,
  key: SigningKey,
  log: Log,
): Promise<() => Promise<void>> {
  const { activityLogDays: days, activityLogExport: directory } = configuration;
  writeDurably(paths.activityPublicKey, `${JSON.stringify(key.publicJwk)}\n`, 0o644);
  const checkpoints = await openCheckpoints(environment, store, key, paths.activityCheckpoints);
  const exported = directory === undefined ? undefined : openExport(directory);
  const { tenantId, subscriptionId } = identities;
  const exportedUpTo = (): number | undefined => exported?.upTo();
  const retention = { environment, store, checkpoints, tenantId, subscriptionId, days, exportedUpTo };
  const sealAndCut = async (): Promise<void> => {
    await checkpoints.write();
    if (days > 0) await store.lead('retention', async () => void (await cutOldEvents(retention)));
  };
  await checkpoints.write();
  const stopSealing = repeatWork(
    {
      failure: 'the activity log could not be sealed or cut',
      everyMilliseconds: sealMilliseconds,
      work: sealAndCut,
    },
    log,
  );
  const exportNow = async (): Promise<void> => {
    if (exported !== undefined) await exportOnce(exported, paths, configuration);
  };
  const stopExporting =
    exported === undefined
      ? () => Promise.resolve()
      : repeatWork(
          {
            failure: 'the activity log could not be exported',
            everyMilliseconds: exportMilliseconds,
            work: exportNow,
          },
          log,
        );
  return async () => {
    await stopExporting();
    await stopSealing();
    await checkpoints.write();
    await exportNow();
  };
}

/** Exports what is there by now. Returns how many events that were. */
export async function exportOnce(
  to: LogExport,
  paths: StatePaths,
  { postgres }: Pick<Configuration, 'postgres'>,
): Promise<number> {
  const source = await openStoredLog(logAddress(paths.database, postgres));
  try {
    return await to.write({
      log: source,
      checkpoints: paths.activityCheckpoints,
      publicKey: paths.activityPublicKey,
    });
  } finally {
    await source.close();
  }
}
