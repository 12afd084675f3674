/**
 * Every route of the registry: where it can be asked in a system that has one of each kind, and what its answer has to be held against;
 * provider by provider, as in `apps/control-plane/src/providers`.
 */
import { authorizationRoutes } from './microsoft.authorization.ts';
import { guestConfigurationRoutes } from './microsoft.guestconfiguration.ts';
import { hybridComputeRoutes } from './microsoft.hybridcompute.ts';
import { insightsRoutes } from './microsoft.insights.ts';
import { policyInsightsRoutes } from './microsoft.policyinsights.ts';
import { resourcesRoutes } from './microsoft.resources.ts';
import type { Places, Routes } from './route.ts';
import { explainRoutes } from './sallyport.explain.ts';
import { identityRoutes } from './sallyport.identity.ts';
import { ordersRoutes } from './sallyport.orders.ts';
import { upgradesRoutes } from './sallyport.upgrades.ts';

/** By type as it is served. A type that is registered and not named here fails the test that goes through them. */
export function servedRoutes(at: Places): Routes {
  return {
    ...resourcesRoutes(at),
    ...hybridComputeRoutes(at),
    ...guestConfigurationRoutes(at),
    ...authorizationRoutes(at),
    ...policyInsightsRoutes(at),
    ...insightsRoutes(at),
    ...identityRoutes(at),
    ...explainRoutes(at),
    ...ordersRoutes(at),
    ...upgradesRoutes(at),
  };
}
