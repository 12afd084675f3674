import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from './shell-word.ts';

test('plain words stay as they are, others are quoted', () => {
  expect(shellWord('/srv/state-1/connection.json')).toBe('/srv/state-1/connection.json');
  expect(shellWord("it's here")).toBe(String.raw`'it'\''s here'`);
  expect(shellWord('')).toBe("''");
});

test('a shell reads back every word', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '$', '`', '\\', ';', '&', '*', '~', '\n', 'ü') });
  fc.assert(
    fc.property(word, (text) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
    }),
  );
});
