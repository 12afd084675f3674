/** `/metadata/instance`: which machine this is, for any program on it. No inventory and no secret (T86). Pure. */
import type { SystemFacts } from '@sallyport/model/wire';
import type { AgentConfig } from '../connection/agent-config.ts';

/** The document. Before the machine is connected it says what the machine itself knows. */
export function instanceDocument(config: AgentConfig | undefined, system: SystemFacts): unknown {
  return {
    compute: {
      azEnvironment: config?.endpoint ?? '',
      provider: 'Microsoft.HybridCompute',
      name: config?.resourceName ?? system.computerName,
      resourceId: config?.resourceId ?? '',
      subscriptionId: config?.subscriptionId ?? '',
      resourceGroupName: config?.resourceGroup ?? '',
      location: config?.location ?? '',
      tenantId: config?.tenantId ?? '',
      vmId: config?.vmId ?? '',
      osType: system.osType === 'linux' ? 'Linux' : 'Windows',
      osProfile: { computerName: system.computerName },
      osName: system.osName,
      osVersion: system.osVersion,
      sku: system.osSku,
    },
  };
}
