import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalJson, digestOfJson, isSignerKey, readOrder, writeOrder, type Order } from './index.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = String(publicKey.export({ format: 'jwk' }).x);
const order: Order = {
  operation: {
    machineId: 'm',
    resourceName: 'thing',
    publisher: 'Contoso.Test',
    type: 'Thing',
    desired: 'present',
    version: '1.0.0',
    operationId: 'o',
    sequence: 3,
    settings: digestOfJson({}),
  },
  protectedSettings: { kind: 'none' },
  notBefore: '2026-11-28T00:00:00.000Z',
  notAfter: '2026-11-29T00:00:00Z',
};
const signWith =
  (key: KeyObject) =>
  (bytes: Uint8Array): Buffer =>
    sign(null, bytes, key);
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('T10 T31 a signed order', () => {
  test('is read with the key that signed it, and as it was written', () => {
    expect(readOrder(writeOrder(order, signWith(privateKey)), signer)).toEqual({ order });
  });

  test('any other character in it, and it is none', () => {
    const text = writeOrder(order, signWith(privateKey));
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(readOrder(`${text.slice(0, at)}${other}${text.slice(at + 1)}`, signer), `at ${at}`).toHaveProperty(
        'wrong',
      );
    }
    for (let length = 0; length < text.length; length += 1)
      expect(readOrder(text.slice(0, length), signer), `cut after ${length}`).toHaveProperty('wrong');
  });

  const head = part({ alg: 'EdDSA', typ: 'sallyport-order-v1' });
  const signed = (payload: unknown, header = head): string => {
    const text = `${header}.${typeof payload === 'string' ? payload : part(payload)}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  };
  test.each<[string, string, string]>([
    ['nothing', '', 'it is not a signed order'],
    ['another header', signed(order, part({ alg: 'none', typ: 'sallyport-order-v1' })), 'it is not a signed order'],
    ['another kind', signed(order, part({ alg: 'EdDSA', typ: 'sallyport-order-v2' })), 'it is not a signed order'],
    ['four parts', `${signed(order)}.`, 'it is not a signed order'],
    ['blanks', ` ${signed(order)}`, 'it is not a signed order'],
    ['not base64url', signed('a+b'), 'it is not a signed order'],
    ['no JSON', signed('QQ'), 'what was signed is not an order that this version knows'],
    ['a member more', signed({ ...order, more: 1 }), 'what was signed is not an order that this version knows'],
    [
      'a member less',
      signed({ ...order, notAfter: undefined }),
      'what was signed is not an order that this version knows',
    ],
    [
      'a time that is none',
      signed({ ...order, notAfter: 'soon' }),
      'what was signed is not an order that this version knows',
    ],
    ['too long', signed({ ...order, notAfter: 'x'.repeat(9000) }), 'it is longer than 8192 characters'],
  ])('%s is refused, in one clause', (_what, text, wrong) => {
    expect(readOrder(text, signer)).toEqual({ wrong });
  });

  test('of another key, or of no key, it is none', () => {
    const other = String(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x);
    const text = writeOrder(order, signWith(privateKey));
    for (const key of [other, 'A'.repeat(43), '', 'x'])
      expect(readOrder(text, key)).toEqual({ wrong: 'its signature is not right' });
  });
});

test('T10 keys: 43 characters of base64url, one text for one key', () => {
  expect(isSignerKey(signer)).toBe(true);
  const last = signer.slice(0, -1);
  const texts = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    .split('')
    .filter((c) => isSignerKey(last + c));
  expect(texts.join('')).toBe('AEIMQUYcgkosw048');
  for (const wrong of ['', signer.slice(1), `${signer}A`, `${last}=`, ` ${signer}`])
    expect(isSignerKey(wrong)).toBe(false);
});

test.each<[unknown, string]>([
  [null, 'null'],
  [{ b: 1, a: [true, 'é"', { d: 0.1, c: null }] }, '{"a":[true,"é\\"",{"c":null,"d":0.1}],"b":1}'],
  [JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
  [{ '10': 1, '9': 2 }, '{"10":1,"9":2}'],
  [[], '[]'],
])('T31 canonical JSON of %j', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
  expect(canonicalJson(JSON.parse(text))).toBe(text);
});
