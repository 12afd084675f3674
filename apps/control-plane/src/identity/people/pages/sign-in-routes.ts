/** The pages: signing in for a program on the same machine, for a device elsewhere, and changing one's password. */
import type { Hono } from 'hono';
import type { Environment } from '../../../environment.ts';
import type { Log } from '../../../http/log.ts';
import type { Store } from '../../../store/store.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { IdentityProviders } from '../../providers/identity-providers.ts';
import { addAuthorizeRoutes } from './authorize-routes.ts';
import { addDeviceRoutes } from './device-routes.ts';
import { pageForms } from './page-forms.ts';
import { addPasswordRoutes } from './password-routes.ts';
import { addProviderRoutes } from './provider-routes.ts';

/** Adds the pages. */
export function addSignInRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  providers: IdentityProviders,
  log: Log,
): void {
  const forms = pageForms(environment, store, endpoint, log);
  addAuthorizeRoutes(app, environment, store, endpoint, providers, forms);
  addProviderRoutes(app, environment, store, endpoint, providers, log);
  addDeviceRoutes(app, environment, store, providers, forms);
  addPasswordRoutes(app, environment, store, endpoint, forms);
}
