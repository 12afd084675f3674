import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapped, wrappedCommand } from './narrator.ts';

test('long lines are broken at blanks, set in as the first, and nothing is lost', () => {
  expect(wrapped('  one two three four', 9)).toEqual(['  one two', '    three', '    four']);
  expect(wrapped('short', 9)).toEqual(['short']);
  expect(wrapped('/a/very/long/path and more', 9)).toEqual(['/a/very/long/path', '  and', '  more']);
  expect(wrapped('x'.repeat(30), 9)).toEqual(['x'.repeat(30)]);
});

test('a command that is too long for a line is still one command for a shell', () => {
  expect(wrappedCommand(['azcmagent', 'config', 'list'], 30)).toEqual(['azcmagent config list']);
  expect(wrappedCommand(['azcmagent', 'config', 'set', 'extensions.blocklist', 'a/b'], 24)).toEqual([
    'azcmagent config set \\',
    '  extensions.blocklist \\',
    '  a/b',
  ]);
});

test('every line comes to an end, with all its words', () => {
  const words = (lines: readonly string[]): string[] =>
    lines
      .join(' ')
      .split(' ')
      .filter((word) => word !== '');
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(' ', 'a', 'bc', ' '), maxLength: 80 }),
      fc.integer({ min: 1, max: 20 }),
      (line, width) => {
        expect(words(wrapped(line, width))).toEqual(words([line]));
      },
    ),
  );
});
