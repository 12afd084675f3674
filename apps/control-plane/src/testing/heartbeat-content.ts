/** A heartbeat that says hardly anything, for tests. */
import type { HeartbeatRequest } from '@sallyport/model/wire';

/** Local controls that forbid nothing, as a heartbeat tells them. */
export const openControls: HeartbeatRequest['agentConfiguration'] = {
  proxyUrl: '',
  incomingConnectionsPorts: [],
  extensionsAllowList: [],
  extensionsBlockList: [],
  proxyBypass: [],
  extensionsEnabled: 'true',
  guestConfigurationEnabled: 'true',
  configMode: 'full',
};

const service = { status: 'running', startupType: 'enabled' };
export const heartbeatContent = (generation: number): HeartbeatRequest => ({
  agentVersion: '1',
  generation,
  holdSeconds: 0,
  agentConfiguration: openControls,
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
