import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { agentPaths } from '../platform/paths.ts';
import { followAgentConfig, writeAgentConfig, type AgentConfig } from './agent-config.ts';

const config: AgentConfig = {
  format: 1,
  endpoint: 'https://centre',
  catalogUrl: 'https://centre/catalog/',
  tenantId: 't',
  subscriptionId: 's',
  resourceGroup: 'g',
  resourceName: 'm',
  resourceId: '/m',
  location: 'here',
  vmId: 'v',
  principalId: 'p',
  correlationId: 'c',
  ownAuthority: false,
  connectedAt: '2026-11-28T00:00:00Z',
};

test('the configuration is read again when its file is another one, and then only', () => {
  using root = temporaryDirectory('config');
  const { agentConfig } = agentPaths(root.path);
  mkdirSync(dirname(agentConfig), { recursive: true });
  const now = followAgentConfig(root.path);
  expect(now()).toBeUndefined();
  writeAgentConfig(root.path, config);
  const first = now();
  expect(first).toEqual(config);
  expect(now()).toBe(first);
  writeAgentConfig(root.path, { ...config, vmId: 'another' });
  expect(now()?.vmId).toBe('another');
  writeFileSync(agentConfig, '{');
  expect(now).toThrow('agentconfig.json');
  expect(now).toThrow('agentconfig.json');
  rmSync(agentConfig);
  expect(now()).toBeUndefined();
});
