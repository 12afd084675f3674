/**
 * The decision written a second time for the tests, as naively as possible: straight from the table of S4.4, on plain texts,
 * sharing no code with `decide`. Two implementations that agree on a million configurations are hard to get wrong together.
 */
export interface NaiveConfiguration {
  readonly unreadable: boolean;
  readonly enabled: boolean;
  readonly mode: 'full' | 'monitor';
  readonly allow: readonly string[];
  readonly block: readonly string[];
}

/** What monitor mode allows, spelt out again. */
const monitored = [
  'microsoft.azure.monitor/azuremonitorwindowsagent',
  'microsoft.azure.monitor/azuremonitorlinuxagent',
  'microsoft.enterprisecloud.monitoring/microsoftmonitoringagent',
  'microsoft.enterprisecloud.monitoring/omsagentforlinux',
  'microsoft.azure.monitoring.dependencyagent/dependencyagentwindows',
  'microsoft.azure.monitoring.dependencyagent/dependencyagentlinux',
  'microsoft.azure.azuredefenderforservers/mde.windows',
  'microsoft.azure.azuredefenderforservers/mde.linux',
  'microsoft.azure.azuredefenderforsql/advancedthreatprotection.windows',
  'qualys/windowsagent.azuresecuritycenter',
  'qualys/linuxagent.azuresecuritycenter',
];

/** `allow`, `block` or `cannot-run`. */
export function decideNaively(operation: string, extension: string, configuration: NaiveConfiguration): string {
  if (configuration.unreadable) return operation === 'delete' ? 'allow' : 'block';
  if (!configuration.enabled) return 'cannot-run';
  if (operation === 'delete') return 'allow';
  const wanted = extension.toLowerCase();
  const has = (list: readonly string[], name: string): boolean => {
    for (const entry of list) if (entry.toLowerCase() === name) return true;
    return false;
  };
  if (configuration.mode === 'monitor') return has(monitored, wanted) ? 'allow' : 'block';
  if (has(configuration.block, wanted)) return 'block';
  if (has(configuration.allow, 'allow/none')) return 'block';
  if (configuration.allow.length === 0) return 'allow';
  return has(configuration.allow, wanted) ? 'allow' : 'block';
}
