import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { cancelExtension } from './cancel-extension.ts';
import { extensionMetadata } from './extension-metadata.ts';
import { extensions } from './extensions.ts';
import { machines } from './machines.ts';
import { operationStatus } from './operation-status.ts';
import { operationsList } from './operations-list.ts';

/** Everything that `Microsoft.HybridCompute` answers for. */
export function hybridCompute(services: Services): readonly ResourceType[] {
  return [
    machines(services),
    extensions(services),
    cancelExtension(services),
    ...operationStatus(services),
    operationsList(),
    ...extensionMetadata(services),
  ];
}
