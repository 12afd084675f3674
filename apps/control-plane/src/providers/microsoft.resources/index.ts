import type { Deployments } from '../../deployments/start-deployment.ts';
import { deploymentTypes } from './deployments.ts';
import type { Dispatcher } from '../../arm/dispatcher.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { tags } from './tags.ts';
import type { Services } from '../../services.ts';
import { resourceGroups } from './resource-groups.ts';
import { resources } from './resources.ts';
import { subscriptions } from './subscriptions.ts';

/** Everything that `Microsoft.Resources` answers for, but the list of providers, which needs all others. */
export function microsoftResources(
  services: Services,
  dispatcher: Dispatcher,
  deployments: Deployments,
): readonly ResourceType[] {
  return [
    ...subscriptions(services),
    resourceGroups(services),
    resources(services),
    tags(services, dispatcher),
    ...deploymentTypes(services, deployments),
  ];
}
