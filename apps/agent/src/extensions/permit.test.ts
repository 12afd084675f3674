import {
  defaultControls,
  extensionListOf,
  knownExtension,
  type ControlsReading,
  type LocalControls,
} from '@sallyport/local-controls';
import { operationKinds } from '@sallyport/model';
import { expect, test } from 'vitest';
import { permitOf } from './permit.ts';

const file = '/var/opt/azcmagent/localconfig.json';
const extension = knownExtension('a/b');

function reading(changed: Partial<LocalControls>): ControlsReading {
  return { kind: 'in-force', controls: { ...defaultControls, ...changed }, file, generation: 1 };
}

const cases: readonly (readonly [string, ControlsReading, string, string | undefined])[] = [
  ['a blocklist', reading({ 'extensions.blocklist': extensionListOf([extension]) }), 'ExtensionNotAllowed', undefined],
  [
    'a disabled manager',
    reading({ 'extensions.enabled': false }),
    'ExtensionManagerDisabled',
    'ExtensionManagerDisabled',
  ],
  ['unreadable controls', { kind: 'unreadable', file, reason: 'it is empty.' }, 'LocalControlsUnreadable', undefined],
];

for (const [what, controls, code, deleting] of cases) {
  test(`S4.5 ${what}: refused with ${code}, explained, the machine named; a delete ${deleting === undefined ? 'is allowed' : 'too'}`, () => {
    const permit = permitOf({ machine: 'srv1', readControls: () => controls });
    for (const operation of operationKinds) {
      const permission = permit(operation, extension);
      const expected = operation === 'delete' ? deleting : code;
      expect(permission).toMatchObject(expected === undefined ? { allowed: true } : { allowed: false, code: expected });
      expect(permission.explanation.message).toMatch(/^[A-Z][a-z]+ a\/b .* \(machine 'srv1'\)$/);
      expect(permission.explanation.file).toBe(file);
    }
  });
}

test('S4.1 the controls are read for every question: nothing that was read earlier counts', () => {
  let controls = reading({});
  const permit = permitOf({ machine: 'srv1', readControls: () => controls });
  expect(permit('install', extension).allowed).toBe(true);
  controls = reading({ 'extensions.blocklist': extensionListOf([extension]) });
  expect(permit('install', extension).allowed).toBe(false);
});
