/** A goal state of a newer control plane (T84): what is not known is set apart, and what cannot even be answered refuses the whole. */
import { expect, test } from 'vitest';
import { parseGoal } from './heard-goal.ts';

const request = {
  resourceName: 'thing',
  publisher: 'Contoso.Test',
  type: 'Thing',
  desired: 'present',
  version: '1.0.0',
  operationId: 'wanted',
  operationDone: false,
  sequence: 1,
  settings: null,
  protectedSettings: { kind: 'none' },
  packageUrls: [],
};
const goalWith = (...extensions: readonly unknown[]): string =>
  JSON.stringify({ machineId: 'm', generation: 3, extensions, ofLater: { more: true } });

test('properties that are not known are left out, as those that write them have to expect', () => {
  expect(parseGoal(goalWith({ ...request, ofLater: 1 }))).toEqual({
    machineId: 'm',
    generation: 3,
    extensions: [request],
  });
});

test('T84 a request with a word that is not known is set apart, with what is wrong', () => {
  const { extensions, notUnderstood } = parseGoal(goalWith({ ...request, desired: 'paused' }, request));
  expect(extensions).toEqual([request]);
  const { resourceName, operationId, operationDone } = request;
  const problem = expect.stringContaining("The request is malformed at 'desired'") as string;
  expect(notUnderstood).toEqual([{ resourceName, operationId, operationDone, problem }]);
});

test.each([
  [
    'a request without a name',
    goalWith(request, { ...request, resourceName: 1 }),
    "The goal state is malformed at 'resourceName'",
  ],
  ['another shape', JSON.stringify({ machineId: 'm', generation: 3 }), "The goal state is malformed at 'extensions'"],
  ['no JSON', '<html>', 'The goal state is not JSON'],
])('%s refuses the whole', (_what, text, message) => {
  expect(() => parseGoal(text)).toThrow(message);
});
