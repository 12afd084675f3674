import { expect, test } from 'vitest';
import {
  decide,
  defaultControls,
  extensionListOf,
  knownExtension,
  strandedBy,
  type ControlsReading,
  type LocalControls,
} from './index.ts';

const extension = knownExtension('Contoso.Test/Thing');
const list = (name: string): LocalControls['extensions.allowlist'] => extensionListOf([knownExtension(name)]);
const reading = (change: Partial<LocalControls>): ControlsReading => ({
  kind: 'in-force',
  controls: { ...defaultControls, ...change },
  file: '/controls.json',
  generation: 1,
});

test.each([
  ['a blocklist that names it', { 'extensions.blocklist': list('contoso.test/THING') }],
  ['an allowlist that does not', { 'extensions.allowlist': list('Contoso.Test/Else') }],
  ['Allow/None', { 'extensions.allowlist': list('Allow/None') }],
  ['monitor mode', { 'config.mode': 'monitor' }],
] as const)('S4.6 stranded by %s, in the words of the refusal', (_what, change) => {
  expect(strandedBy(extension, reading(change))).toEqual(decide('upgrade', extension, reading(change)));
  // It can always be deleted.
  expect(decide('delete', extension, reading(change)).outcome).toBe('allow');
});

test.each([
  ['no list', {}],
  ['an allowlist that names it', { 'extensions.allowlist': list('Contoso.Test/Thing') }],
  ['a blocklist that does not', { 'extensions.blocklist': list('Contoso.Test/Else') }],
  // It waits, as all others do.
  ['a manager that is disabled', { 'extensions.enabled': false, 'extensions.blocklist': list('Contoso.Test/Thing') }],
] as const)('not stranded by %s', (_what, change) => {
  expect(strandedBy(extension, reading(change))).toBeUndefined();
});

test('what cannot be read strands nobody: nothing is known of any list', () => {
  expect(strandedBy(extension, { kind: 'unreadable', file: '/controls.json', reason: 'It is empty.' })).toBeUndefined();
});
