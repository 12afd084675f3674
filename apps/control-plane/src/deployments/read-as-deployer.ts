/** Reading what a template refers to, with the rights of whoever deploys it. */
import { parseResourceId } from '@sallyport/model';
import { ArmError } from '../arm/arm-error.ts';
import type { Dispatcher } from '../arm/dispatcher.ts';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import type { Caller } from '../identity/caller.ts';
import type { Json } from '../policy/json.ts';

interface Deployer {
  readonly caller: Caller;
  readonly origin: EventOrigin;
}

/** What a GET shows to them; by default in the newest api-version. Throws {@link ArmError}. */
export async function readAsDeployer(
  dispatcher: Dispatcher,
  { caller, origin: { correlationId } }: Deployer,
  id: string,
  apiVersion?: string,
): Promise<Json> {
  const type = dispatcher.registry.types.find((row) => row.type.toLowerCase() === typeOfId(id));
  const newest = type === undefined || type.apiVersions === 'any' ? '2021-04-01' : (type.apiVersions[0] ?? '');
  const asked = { caller, path: id, apiVersion: apiVersion ?? newest, body: undefined, correlationId };
  return ((await dispatcher.inner({ ...asked, method: 'GET' })).body ?? null) as Json;
}

/** The same; undefined when it is not there. */
export async function readIfThere(
  dispatcher: Dispatcher,
  deployer: Deployer,
  id: string,
  apiVersion: string,
): Promise<Json | undefined> {
  try {
    return await readAsDeployer(dispatcher, deployer, id, apiVersion);
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) return undefined;
    throw error;
  }
}

/** The type of an id, in lower case. */
export function typeOfId(id: string): string {
  const section = parseResourceId(id)?.providers.at(-1);
  return section === undefined ? '' : [section.namespace, ...section.types].join('/').toLowerCase();
}
