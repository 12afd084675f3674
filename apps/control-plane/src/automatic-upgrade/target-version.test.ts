import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import type { CatalogEntry } from '../gallery/catalog-source.ts';
import { isBeyond, targetVersion } from './target-version.ts';

const version = (text: string): HandlerVersion => {
  const parsed = parseHandlerVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const entry = (text: string, over: Partial<CatalogEntry> = {}): CatalogEntry => ({
  publisher: 'Contoso',
  type: 'Agent',
  version: text,
  operatingSystem: 'linux',
  architecture: 'any',
  sha256: `hash of ${text}`,
  ...over,
});

test.each<[string, string, readonly CatalogEntry[], string | undefined]>([
  ['the newest of the same major', '1.2.0', [entry('1.3.0'), entry('1.10.0'), entry('1.9.9')], '1.10.0'],
  ['never another major', '1.2.0', [entry('2.0.0')], undefined],
  ['nothing older, and not the same again', '1.2.0', [entry('1.2'), entry('1.1.9')], undefined],
  [
    'nothing that was taken back',
    '1.2.0',
    [entry('1.3', { yanked: { reason: 'r', at: 'then' } }), entry('1.2.1')],
    '1.2.1',
  ],
  ['nothing that is not out for everybody', '1.2.0', [entry('1.3', { channel: 'preview' })], undefined],
  ['nothing for another system', '1.2.0', [entry('1.3', { operatingSystem: 'windows' })], undefined],
  ['nothing of another name', '1.2.0', [entry('1.3', { type: 'Other' })], undefined],
  ['names are compared in any case', '1.2.0', [entry('1.3', { publisher: 'CONTOSO' })], '1.3'],
])('S2.1 %s', (_, installed, entries, wanted) => {
  expect(targetVersion(entries, 'contoso/agent', 'linux', version(installed))?.version).toBe(wanted);
});

test.each([
  ['1.2.9', '1.2', false],
  ['1.3', '1.2', true],
  ['1.2', '1.2.3', false],
  ['1.2.4', '1.2.3', true],
  ['1.2.3.9', '1.2.3', false],
  ['2.0', '1', true],
])('%s is beyond the pin %s: %s', (wanted, pin, beyond) => {
  expect(isBeyond(version(wanted), version(pin))).toBe(beyond);
});
