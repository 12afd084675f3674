/**
 * The extensions that monitor mode allows. Azure's own list is not published; this is our stand-in: what the public articles
 * class as monitoring or security, for Windows and Linux. It changes with releases of the agent only.
 */
import { extensionListOf, knownExtension, type ExtensionList } from './extension-list.ts';

export const managedList: ExtensionList = extensionListOf(
  [
    'Microsoft.Azure.Monitor/AzureMonitorWindowsAgent',
    'Microsoft.Azure.Monitor/AzureMonitorLinuxAgent',
    'Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent',
    'Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux',
    'Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows',
    'Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux',
    'Microsoft.Azure.AzureDefenderForServers/MDE.Windows',
    'Microsoft.Azure.AzureDefenderForServers/MDE.Linux',
    'Microsoft.Azure.AzureDefenderForSQL/AdvancedThreatProtection.Windows',
    'Qualys/WindowsAgent.AzureSecurityCenter',
    'Qualys/LinuxAgent.AzureSecurityCenter',
  ].map(knownExtension),
);
