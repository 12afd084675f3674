/** What is repeated: the work that nobody asks for. Of several control planes on one database one does each piece. */
import { messageOf } from '@sallyport/model';
import type { Dispatcher } from '../arm/dispatcher.ts';
import { lookAtUpgrades } from '../automatic-upgrade/automatic-upgrades.ts';
import { proposeThrough } from '../automatic-upgrade/propose-upgrade.ts';
import { endInterrupted } from '../deployments/deployment-store.ts';
import type { Deployments } from '../deployments/start-deployment.ts';
import { startCatalogWatch } from '../gallery/catalog-watch.ts';
import type { Log } from '../http/log.ts';
import { quarantineForked } from '../machines/quarantine.ts';
import { sweepOperations } from '../machines/sweep.ts';
import { startScanning } from '../policy/scan/scan.ts';
import { createShownResources } from '../policy/shown-resources.ts';
import { repeatWork } from '../repeated-work.ts';
import { mendTags } from '../resources/mend-tags.ts';
import type { Services } from '../services.ts';
import type { OpenState } from './open-state.ts';

/** How often deadlines are looked at. The first look is at the start, so that deadlines outlive a crash. */
const sweepMilliseconds = 5_000;
/** How often it is looked at what is to be upgraded by itself. */
const upgradeMilliseconds = 15_000;
/** How soon policy looks at what has changed. */
const scanMilliseconds = 1_000;

type Stop = () => Promise<void>;

/** Begins it. Returns what ends it: it resolves when nothing is at work any more. */
export async function startOwnWork(
  services: Services,
  { store, identities: { tenantId, subscriptionId } }: OpenState,
  dispatcher: Dispatcher,
  deployments: Deployments,
  log: Log,
): Promise<Stop> {
  const { environment, catalog } = services;
  const stopSweeping = await startSweeping(services, log);
  const stopUpgrading = startUpgrading(services, dispatcher, log);
  const stopWatching = startCatalogWatch({ environment, store, catalog, tenantId, subscriptionId, log });
  const resources = createShownResources(services, dispatcher.registry);
  const scanner = { services, resources, deployments, dispatcher, log, heartbeatsUntil: environment.now() };
  const stopScanning = startScanning(scanner, scanMilliseconds);
  const stopMending = startMending(services, log);
  return async () => {
    await Promise.all([stopMending(), stopScanning(), stopWatching(), stopUpgrading(), stopSweeping()]);
  };
}

/** Once, beside everything else. What fails is done with the next start. */
function startMending(services: Services, log: Log): Stop {
  const stop = new AbortController();
  const mending = services.store
    .alone('mend-tags', async () => {
      const mended = await mendTags(services, stop.signal);
      if (mended > 0) log.info({ msg: 'tags that an older version wrote can be looked up now', resources: mended });
    })
    .catch((error: unknown) => {
      log.error({ msg: 'tags that an older version wrote could not be taken up', reason: messageOf(error) });
    });
  return () => {
    stop.abort();
    return mending;
  };
}

async function startSweeping(services: Services, log: Log): Promise<Stop> {
  const { environment, store, endpoint, doorbell } = services;
  const sweep = (): Promise<void> =>
    store.lead('sweep', async () => {
      for (const vmId of await sweepOperations(environment, store)) doorbell.ring(vmId);
      await endInterrupted(services, endpoint.tenantId);
      for (const vmId of await quarantineForked(environment, store, endpoint.tenantId)) doorbell.ring(vmId);
    });
  const failure = 'deadlines could not be looked at';
  await sweep().catch((error: unknown) => {
    log.error({ msg: `${failure}; trying again`, reason: messageOf(error) });
  });
  return repeatWork({ failure, everyMilliseconds: sweepMilliseconds, work: sweep }, log);
}

function startUpgrading(services: Services, dispatcher: Dispatcher, log: Log): Stop {
  const propose = proposeThrough(services, dispatcher);
  const work = (): Promise<void> => services.store.lead('upgrade', () => lookAtUpgrades(services, propose, log));
  const failure = 'automatic upgrades could not be looked at';
  return repeatWork({ failure, everyMilliseconds: upgradeMilliseconds, work }, log);
}
