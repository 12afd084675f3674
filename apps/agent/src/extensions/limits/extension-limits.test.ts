import { defaultControls, knownExtension } from '@sallyport/local-controls';
import { expect, test } from 'vitest';
import { extensionLimits } from './extension-limits.ts';

const gibibyte = 2 ** 30;
const limits = (name: string, change = {}, asked = {}) =>
  extensionLimits(knownExtension(name), { ...defaultControls, ...change }, asked, 8 * gibibyte);

test('what an extension may use when nothing is set (arc-agent §0.7, §5.9)', () => {
  expect(limits('Contoso.Test/Thing')).toEqual({
    cpuPercent: 30,
    memoryBytes: 4 * gibibyte,
    processes: 1024,
    diskBytes: 4 * gibibyte,
  });
});

test.each([
  'Microsoft.Azure.Monitor/AzureMonitorLinuxAgent',
  'microsoft.azure.azuredefenderforservers/mde.linux',
  'Microsoft.SoftwareUpdateManagement/LinuxOsUpdateExtension',
  'Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux',
])('%s may use 60 per cent while nothing is set, and what is set holds for it too', (name) => {
  expect(limits(name).cpuPercent).toBe(60);
  expect(limits(name, { 'extensions.agent.cpulimit': 5 }).cpuPercent).toBe(5);
  expect(limits(name, { 'extensions.agent.cpulimit': 100 }).cpuPercent).toBe(100);
});

test('the properties are what is allowed', () => {
  const set = {
    'extensions.agent.memorylimit': 25,
    'extensions.agent.processlimit': 50,
    'extensions.agent.disklimit': 100,
  };
  expect(limits('a/b', set)).toMatchObject({ memoryBytes: 2 * gibibyte, processes: 50, diskBytes: 100 * 2 ** 20 });
});

test('T48 a manifest narrows and never widens', () => {
  expect(limits('a/b', {}, { cpuQuotaPercentage: 10, memoryQuotaInMB: 100 })).toMatchObject({
    cpuPercent: 10,
    memoryBytes: 100 * 2 ** 20,
  });
  const wide = { cpuQuotaPercentage: 400, memoryQuotaInMB: 1e9 };
  expect(limits('a/b', {}, wide)).toEqual(limits('a/b'));
  expect(limits('a/b', {}, { cpuQuotaPercentage: 0.1, memoryQuotaInMB: 0.1 })).toMatchObject({
    cpuPercent: 1,
    memoryBytes: 16 * 2 ** 20,
  });
});
