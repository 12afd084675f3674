import type { Authenticator } from './identity/authenticate.ts';
import type { Endpoint } from './identity/endpoint.ts';
import type { IdentityProviders } from './identity/providers/identity-providers.ts';
import type { SigningKeys } from './identity/signing-keys.ts';
import type { CatalogSource } from './gallery/catalog-source.ts';
import type { PackageStorage } from './gallery/package-storage.ts';
import type { Environment } from './environment.ts';
import type { Doorbell } from './machines/doorbell.ts';
import type { Store } from './store/store.ts';

/** What handlers work with: the parts of one running control plane. */
export interface Services {
  readonly environment: Environment;
  readonly store: Store;
  readonly endpoint: Endpoint;
  readonly authenticator: Authenticator;
  readonly signingKeys: SigningKeys;
  readonly identityProviders: IdentityProviders;
  readonly doorbell: Doorbell;
  /** Rung for a machine when one of its operations may have ended. */
  readonly endBell: Doorbell;
  readonly catalog: CatalogSource;
  /** Undefined without a gallery. */
  readonly packages: PackageStorage | undefined;
  /** Rows on a page when a client does not say. */
  readonly pageSize: number;
}
