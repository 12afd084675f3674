/** Everything that this control plane answers for: the rows of its registry, provider by provider. */
import type { Dispatcher } from '../arm/dispatcher.ts';
import type { ResourceType } from '../arm/resource-type.ts';
import type { Deployments } from '../deployments/start-deployment.ts';
import type { Services } from '../services.ts';
import { authorization } from './microsoft.authorization/index.ts';
import { guestConfigurationAssignments } from './microsoft.guestconfiguration/assignments.ts';
import { hybridCompute } from './microsoft.hybridcompute/index.ts';
import { activityLog } from './microsoft.insights/activity-log.ts';
import { policyStates } from './microsoft.policyinsights/policy-states.ts';
import { remediations } from './microsoft.policyinsights/remediations.ts';
import { microsoftResources } from './microsoft.resources/index.ts';
import { providers } from './microsoft.resources/providers.ts';
import { automaticUpgrades } from './sallyport.explain/automatic-upgrades.ts';
import { operations } from './sallyport.explain/operations.ts';
import { policyEditors } from './sallyport.explain/policy-editors.ts';
import { statements } from './sallyport.explain/statements.ts';
import { machineIdentity } from './sallyport.identity/machine-identity.ts';
import { orders } from './sallyport.orders/index.ts';
import { upgrades } from './sallyport.upgrades/index.ts';
import { identity } from './sallyport.identity/index.ts';

/** The rows. Handlers that make requests of their own make them through the dispatcher. */
export function resourceTypes(
  services: Services,
  dispatcher: Dispatcher,
  deployments: Deployments,
): readonly ResourceType[] {
  const types = [
    ...microsoftResources(services, dispatcher, deployments),
    ...hybridCompute(services),
    ...guestConfigurationAssignments(services),
    ...authorization(services),
    ...policyStates(services),
    ...remediations(services),
    ...activityLog(services),
    ...identity(services),
    ...machineIdentity(services),
    ...policyEditors(services),
    automaticUpgrades(services),
    operations(services),
    statements(services),
    ...orders(services),
    ...upgrades(services),
  ];
  return [...types, ...providers(services, types)];
}
