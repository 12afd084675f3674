/** What is told of aliases is what rules can be written with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aliasesOf } from './aliases.ts';
import { readField } from './rule/field.ts';

const types = [
  'Microsoft.HybridCompute/machines',
  'Microsoft.HybridCompute/machines/extensions',
  'Microsoft.HybridCompute/licenses',
  'Microsoft.HybridCompute/machines/licenseProfiles',
  'Microsoft.HybridCompute/privateLinkScopes',
  'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections',
  'Microsoft.GuestConfiguration/guestConfigurationAssignments',
];
const all = types.flatMap(aliasesOf);

test('every alias is read where its path says', () => {
  for (const type of types)
    for (const { name, path } of aliasesOf(type)) {
      const content = path
        .split('.')
        .toReversed()
        .reduce<unknown>(
          (below, step) => (step.endsWith('[*]') ? { [step.slice(0, -3)]: [below] } : { [step]: below }),
          'found',
        );
      const resource = { id: '/x', name: 'x', type, content: content as Record<string, never> };
      expect([name, readField(resource, name, new Map()).values]).toEqual([name, ['found']]);
    }
});

test('every alias of ours that a published definition uses is told', () => {
  const folder = join(import.meta.dirname, '../../../../tests/published-policies');
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const known = new Set(all.map(({ name }) => name.toLowerCase()));
  const named = [...text.matchAll(/"field":\s*"(Microsoft\.(?:HybridCompute|GuestConfiguration)\/[^"]+)"/gi)].map(
    ([, name = '']) => name,
  );
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !known.has(name.toLowerCase()))).toEqual([]);
});
