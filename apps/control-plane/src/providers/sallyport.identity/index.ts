import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { certificates } from './certificates.ts';
import { federatedCredentials } from './federated-credentials.ts';
import { servicePrincipals } from './service-principals.ts';
import { signingKeys } from './signing-keys.ts';
import { users } from './users.ts';

/** Everything that `Sallyport.Identity` answers for: who can sign in, and how. */
export function identity(services: Services): readonly ResourceType[] {
  return [
    ...servicePrincipals(services),
    certificates(services),
    ...federatedCredentials(services),
    ...users(services),
    ...signingKeys(services),
  ];
}
