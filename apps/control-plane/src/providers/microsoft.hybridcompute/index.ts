import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { cancelExtension } from './cancel-extension.ts';
import { extensionMetadata } from './extension-metadata.ts';
import { extensions } from './extensions.ts';
import { licenses } from './licenses.ts';
import { machineExtensionActions } from './machine-extension-actions.ts';
import { machines } from './machines.ts';
import { operationStatus } from './operation-status.ts';
import { operationsList } from './operations-list.ts';
import { privateLinkScopes } from './private-link-scopes.ts';

/** Everything that `Microsoft.HybridCompute` answers for. */
export function hybridCompute(services: Services): readonly ResourceType[] {
  return [
    machines(services),
    extensions(services),
    cancelExtension(services),
    ...machineExtensionActions(services),
    ...operationStatus(services),
    operationsList(),
    ...licenses(services),
    ...privateLinkScopes(services),
    ...extensionMetadata(services),
  ];
}
