import { knownExtension } from '@sallyport/local-controls';
import { operationKinds } from '@sallyport/model';
import { expect, test } from 'vitest';
import { OperationRefused } from './operation-context.ts';
import type { Permit } from './plan/permission.ts';
import { requirePermission } from './require-permission.ts';

const name = knownExtension('Contoso.Test/Thing');

test('S4.5 an allow for exactly this operation and this extension passes, a refusal throws with its code and explanation', () => {
  const asked: unknown[] = [];
  const explanation = { outcome: 'block', rule: 'test', message: 'The list says no.', file: '/list' } as const;
  const permit: Permit = (...question) => {
    asked.push(question);
    if (question[0] === 'delete') return { allowed: true, explanation: { ...explanation, outcome: 'allow' } };
    return { allowed: false, code: 'LocalControlsUnreadable', explanation };
  };
  const refusals = operationKinds.map((operation) => {
    try {
      requirePermission(permit, operation, name);
      return 'passed';
    } catch (error) {
      return error;
    }
  });
  expect(asked).toEqual(operationKinds.map((operation) => [operation, name]));
  expect(refusals[3]).toBe('passed');
  for (const refusal of refusals.slice(0, 3)) {
    expect(refusal).toBeInstanceOf(OperationRefused);
    expect(refusal).toMatchObject({ code: 'LocalControlsUnreadable', message: 'The list says no.', explanation });
  }
});
