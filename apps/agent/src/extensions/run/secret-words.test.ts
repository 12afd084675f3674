import { describe, expect, test } from 'vitest';
import { SecretWords } from './secret-words.ts';

const secret = 'S3cret-canary/7f&"quoted"';

function knowing(settings: unknown): SecretWords {
  const words = new SecretWords();
  words.add(settings);
  return words;
}

describe('S1.7 protected values are taken out of what is told', () => {
  const words = knowing({ password: secret, list: [{ pin: 48151, short: 'k9' }], open: true, mode: 'true' });

  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify(secret)],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in an address', encodeURIComponent(secret)],
  ])('%s', (_form, text) => {
    const told = words.redact(`before ${text} after`);
    expect(told).toContain('before');
    expect(told).toContain('[protected]');
    for (const part of [secret, 'canary', Buffer.from(secret).toString('base64').slice(0, 12)])
      expect(told).not.toContain(part);
  });

  test('numbers, and short ones as words only; what is no secret stays', () => {
    expect(words.redact('pin 48151, k9 and bark9, true')).toBe('pin [protected], [protected] and bark9, true');
  });

  test('a text that is cut begins and ends with no part of one', () => {
    const cut = `${secret.slice(-8)} between ${secret.slice(0, 9)}`;
    expect(words.redact(cut, true)).toBe('[protected] between [protected]');
    expect(words.redact('nothing secret', true)).toBe('nothing secret');
    expect(words.redact(secret.slice(0, 12), true)).toBe('[protected]');
  });

  test('scripts: each line, also when the script is in base64', () => {
    const script = '#!/bin/sh\necho token-of-the-vault\nexit 0\n';
    for (const value of [script, Buffer.from(script).toString('base64')]) {
      expect(knowing({ script: value }).redact('+ echo token-of-the-vault')).toBe('+ [protected]');
    }
  });

  test('a value inside another leaves nothing of the longer one', () => {
    expect(knowing({ a: 'abcdef', b: 'abcdefghij' }).redact('abcdefghij')).toBe('[protected]');
  });

  test('what is not known withholds everything; too many or too long values count as not known', () => {
    const unknown = new SecretWords();
    unknown.addUnknown();
    const many = Array.from({ length: 5000 }, (_, i) => `value-number-${i}`);
    for (const one of [unknown, knowing(many), knowing('x'.repeat(70_000))]) {
      expect(one.redact('some output')).toMatch(/^\[withheld/);
      expect(one.redact('')).toBe('');
    }
  });

  test('hostile texts: patterns mean nothing', () => {
    expect(knowing({ a: '.*' }).redact('anything')).toBe('anything');
    expect(knowing({ a: '$&' }).redact('a $& b')).toBe('a [protected] b');
    expect(new SecretWords().redact('as it is', true)).toBe('as it is');
  });
});
