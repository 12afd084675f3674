/** Extensions that run whatever script they are handed: allowed, any of them makes the lists a suggestion (S3, S6.1). */
import { knownExtension } from './extension-list.ts';

/**
 * The eight of the article; the hybrid worker for Linux, which the article prints without a slash, under each of the
 * publishers it is known by.
 */
export const scriptCapableExtensions = [
  'Microsoft.CPlat.Core/RunCommandHandlerWindows',
  'Microsoft.CPlat.Core/RunCommandHandlerLinux',
  'Microsoft.Compute/CustomScriptExtension',
  'Microsoft.Azure.Extensions/CustomScript',
  'Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows',
  'Microsoft.Azure.Automation/HybridWorkerForLinux',
  'Microsoft.Azure.Automation.HybridWorker/HybridWorkerForLinux',
  'Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent',
  'Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux',
].map(knownExtension);
