/** What handlers work with, put together from what is opened. */
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { folderCatalogSource, noCatalog } from '../gallery/folder-catalog-source.ts';
import { openPackageStorage } from '../gallery/package-storage.ts';
import type { Log } from '../http/log.ts';
import { createAuthenticator } from '../identity/authenticate.ts';
import type { Endpoint } from '../identity/endpoint.ts';
import { createIdentityProviders } from '../identity/providers/identity-providers.ts';
import type { TokenVerifier } from '../identity/token-verifier.ts';
import { createDoorbells } from '../machines/doorbell.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { Services } from '../services.ts';
import { withGuardedChanges } from '../store/guarded-changes.ts';
import type { OpenState } from './open-state.ts';

/** The services of a control plane that is asked at `endpoint`. */
export async function openServices(
  configuration: Configuration,
  environment: Environment,
  { paths, store, keys }: OpenState,
  {
    endpoint,
    tokens,
    outbound,
  }: { readonly endpoint: Endpoint; readonly tokens: TokenVerifier; readonly outbound: Outbound },
  log: Log,
): Promise<Services> {
  const { gallery, pageSize } = configuration;
  const now = (): number => environment.now();
  const packages = gallery === undefined ? undefined : openPackageStorage(gallery, () => performance.now(), log);
  const identityProviders = createIdentityProviders(configuration.identityProviders, outbound, now);
  return {
    environment,
    store: withGuardedChanges(store),
    endpoint,
    authenticator: createAuthenticator(environment, store, tokens, identityProviders, endpoint),
    signingKeys: keys,
    identityProviders,
    ...(await createDoorbells(store.bells)),
    catalog:
      gallery === undefined || packages === undefined
        ? noCatalog()
        : folderCatalogSource({ gallery, directory: paths.catalog, storage: packages, now }),
    packages,
    pageSize,
  };
}
