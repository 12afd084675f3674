import { Targets } from '@tufjs/models';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublisherRole } from '../layout.ts';
import { responsibleRole, type Delegations } from './responsible-role.ts';

type Grant = { name: string } & ({ paths: string[] } | { path_hash_prefixes: string[] });

function delegationsOf(grants: readonly Grant[]): Delegations {
  const roles = grants.map((grant) => ({ keyids: [], threshold: 1, terminating: true, ...grant }));
  const { delegations } = Targets.fromJSON({
    _type: 'targets',
    version: 1,
    spec_version: '1.0.31',
    expires: '2036-01-01T00:00:00Z',
    targets: {},
    delegations: { keys: {}, roles },
  });
  if (delegations === undefined) throw new Error('it has delegations');
  return delegations;
}

/** The search as it is written: every role is asked, in their order. */
function simply(delegations: Delegations, path: string): string | undefined {
  for (const { role } of delegations.rolesForTarget(path)) if (isPublisherRole(role)) return role;
  return undefined;
}

const parts = ['contoso', 'fabrikam', 'contoso.tools', '.hidden', '-', 'a', '', '#a', '!a', '..'];
const patterns = [...parts, '*', 'con*', '?', '[ab]', '{a,contoso}', '!(a)', '+(a)', '**', 'A', '\\a'];
const pathOf = (from: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: 3 }).map((some) => some.join('/'));

test('T27 looking only at those who can have a path finds whom looking at all finds', () => {
  const paths = fc.array(pathOf(patterns), { maxLength: 3 }).map((some) => ({ paths: some }));
  const prefixes = fc
    .array(fc.constantFrom('0', '1', 'a', 'f'), { minLength: 1, maxLength: 2 })
    .map((some) => ({ path_hash_prefixes: some }));
  const names = fc.uniqueArray(fc.constantFrom('publisher.a', 'publisher.b', 'publisher.c', 'else', 'publisher.d'), {
    minLength: 1,
  });
  const grants = names.chain((all) =>
    fc.tuple(...all.map((name) => fc.oneof(paths, prefixes).map((grant): Grant => ({ name, ...grant })))),
  );
  fc.assert(
    fc.property(grants, fc.array(pathOf(parts), { minLength: 1, maxLength: 8 }), (some, wanted) => {
      const delegations = delegationsOf(some);
      for (const path of wanted) expect(responsibleRole(delegations, path)).toBe(simply(delegations, path));
    }),
    { numRuns: 500 },
  );
});

describe('T27 the first that may sign a path is responsible, whatever comes after it', () => {
  const everything = { name: 'publisher.everything', paths: ['*/*'] };
  const contoso = { name: 'publisher.contoso', paths: ['contoso/*', 'contoso.tools/*'] };
  const other = { name: 'other', paths: ['contoso/*'] };
  test.each([
    ['contoso/x', [contoso, everything], 'publisher.contoso'],
    ['contoso.tools/x', [contoso, everything], 'publisher.contoso'],
    ['contoso/x', [everything, contoso], 'publisher.everything'],
    ['fabrikam/x', [contoso, everything], 'publisher.everything'],
    ['contoso/x/y', [contoso, everything], undefined],
    ['CONTOSO/x', [contoso], undefined],
    ['contoso/x', [other, contoso], 'publisher.contoso'],
    ['contoso/x', [other], undefined],
  ])('%s', (path, grants, role) => {
    expect(responsibleRole(delegationsOf(grants), path)).toBe(role);
  });
});

test('without delegations nobody may sign', () => {
  expect(responsibleRole(undefined, 'contoso/x')).toBeUndefined();
});
