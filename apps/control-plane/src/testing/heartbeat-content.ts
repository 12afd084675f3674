/** A heartbeat that says hardly anything, for tests. */
import type { HeartbeatRequest } from '@sallyport/model/wire';

const service = { status: 'running', startupType: 'enabled' };
export const heartbeatContent = (generation: number): HeartbeatRequest => ({
  agentVersion: '1',
  generation,
  holdSeconds: 0,
  agentConfiguration: {
    proxyUrl: '',
    incomingConnectionsPorts: [],
    extensionsAllowList: [],
    extensionsBlockList: [],
    proxyBypass: [],
    extensionsEnabled: 'true',
    guestConfigurationEnabled: 'true',
    configMode: 'full',
  },
  serviceStatuses: { extensionService: service, guestConfigurationService: service },
  system: {
    computerName: '',
    machineFqdn: '',
    osName: '',
    osVersion: '',
    osSku: '',
    osType: 'linux',
    vmUuid: '',
    manufacturer: '',
    model: '',
  },
});
