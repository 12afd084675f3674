/** Tables are complete: a new row that lacks its display text or its documentation is named here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionDisplays } from '../activity-log/action-display.ts';
import type { Deployments } from '../deployments/start-deployment.ts';
import { resourceTypes } from '../providers/index.ts';
import type { Services } from '../services.ts';
import { armErrorStatus } from './arm-error.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createRegistry } from './registry.ts';

// Rows are made without using any of the services; only their handlers would.
const services = {} as unknown as Services;
const { types: rows } = createRegistry(
  resourceTypes(services, {} as unknown as Dispatcher, {} as unknown as Deployments),
);
const reference = readFileSync(join(import.meta.dirname, '../../../../docs/reference/control-plane.md'), 'utf8');

test('every action that can be recorded has a text for people', () => {
  const actions = rows.flatMap(({ type, item = {}, collection = {} }) => [
    ...((item.PUT ?? item.PATCH) ? [`${type}/write`] : []),
    ...(item.DELETE === undefined ? [] : [`${type}/delete`]),
    ...(collection.POST === undefined ? [] : [`${type}/action`]),
  ]);
  expect(actions.length).toBeGreaterThan(6);
  expect(actions.filter((action) => !Object.hasOwn(actionDisplays, action))).toEqual([]);
});

test('every error code is in the reference', () => {
  expect(Object.keys(armErrorStatus).filter((code) => !reference.includes(`\`${code}\``))).toEqual([]);
});

test('api-versions are listed newest first, previews last: az takes the first', () => {
  for (const { type, apiVersions } of rows) {
    if (apiVersions === 'any') continue;
    const stable = apiVersions.filter((version) => !version.includes('preview'));
    expect(stable, type).toEqual(stable.toSorted().toReversed());
    expect(apiVersions.slice(0, stable.length), type).toEqual(stable);
  }
});
