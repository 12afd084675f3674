import { describe, expect, test } from 'vitest';
import {
  compareHandlerVersions,
  parseHandlerVersion,
  selectHandlerVersion,
  type HandlerVersion,
} from './handler-version.ts';

function version(text: string): HandlerVersion {
  const parsed = parseHandlerVersion(text);
  if (parsed === undefined) throw new Error(`'${text}' is not a version`);
  return parsed;
}
const versions = (...texts: string[]): HandlerVersion[] => texts.map(version);

describe('S1.1 extensions have versions', () => {
  test.each(['', '1.', '.1', '1..2', '01.2', '1.2.3.4.5', 'v1', '1.2-beta', ' 1', '1\n', '9999999999'])(
    '%j is not a version',
    (text) => {
      expect(parseHandlerVersion(text)).toBeUndefined();
    },
  );

  test('they are compared number by number, missing numbers count as 0', () => {
    expect(versions('2.0', '1.10', '1.9', '1.9.0.1').sort(compareHandlerVersions)).toEqual([
      '1.9',
      '1.9.0.1',
      '1.10',
      '2.0',
    ]);
    expect(compareHandlerVersions(version('1.0'), version('1.0.0.0'))).toBe(0);
  });
});

describe('which version a request means', () => {
  const published = versions('1.0.0', '1.2.0', '1.10.1', '2.0.0', '2.1.3');
  test.each([
    ['1.0', false, '1.0.0'],
    ['1', false, '1.10.1'],
    ['2.0.0', false, '2.0.0'],
    ['2.0', true, '2.1.3'],
    ['1.2', true, '1.10.1'],
    [undefined, false, '2.1.3'],
    ['3', false, undefined],
    ['1.3', false, undefined],
    ['2.2', true, undefined],
  ] as const)('%s, newer minor %s: %s', (asked, newer, expected) => {
    expect(selectHandlerVersion(published, asked === undefined ? undefined : version(asked), newer)).toBe(expected);
  });
});
