/** What the machine tells the centre of its controls: what is in force, read-only there (S4.1, S4.10). */
import type { ExtensionName } from '@sallyport/model';
import type { AgentConfiguration } from '@sallyport/model/wire';
import type { ControlsReading } from './controls-reading.ts';
import { allowNone } from './extension-list.ts';
import { inForce } from './in-force.ts';

/** The picture for the heartbeat. Controls that cannot be read are shown as what they mean: nothing may be installed. */
export function agentConfigurationOf(reading: ControlsReading): AgentConfiguration {
  if (reading.kind === 'unreadable') {
    return {
      proxyUrl: '',
      incomingConnectionsPorts: [],
      extensionsAllowList: [entryOf(allowNone)],
      extensionsBlockList: [],
      proxyBypass: [],
      extensionsEnabled: 'true',
      guestConfigurationEnabled: 'false',
      configMode: 'full',
    };
  }
  const controls = inForce(reading.controls);
  return {
    proxyUrl: controls['proxy.url'],
    incomingConnectionsPorts: controls['incomingconnections.ports'].map(String),
    extensionsAllowList: controls['extensions.allowlist'].entries.map(entryOf),
    extensionsBlockList: controls['extensions.blocklist'].entries.map(entryOf),
    proxyBypass: [...controls['proxy.bypass']],
    extensionsEnabled: String(controls['extensions.enabled']),
    guestConfigurationEnabled: String(controls['guestconfiguration.enabled']),
    configMode: controls['config.mode'],
  };
}

function entryOf({ publisher, type }: ExtensionName): { publisher: string; type: string } {
  return { publisher, type };
}
