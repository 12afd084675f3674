import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asJson } from './relaxed-json.ts';

test.each<[string, unknown]>([
  [
    '{"properties": {"mode": "Incremental", template:{"resources": []}}}',
    { properties: { mode: 'Incremental', template: { resources: [] } } },
  ],
  ['// first\n{"a": 1, /* between\n lines */ "b": [true, null]} // last', { a: 1, b: [true, null] }],
  [
    '{"url": "https://a/b", "c": "/* no comment */", "d": "\\"// none"}',
    { url: 'https://a/b', c: '/* no comment */', d: '"// none' },
  ],
  ['{$schema : "x", a_1:{b:false}}', { $schema: 'x', a_1: { b: false } }],
])('%s', (text, value) => {
  expect(JSON.parse(asJson(text))).toEqual(value);
});

test.each(['{"a": yes}', '{"a": 1,}', "{'a': 1}", '{"a": "', '{a b: 1}', '/* {}'])('%s is still refused', (text) => {
  expect(() => JSON.parse(asJson(text)) as unknown).toThrow(SyntaxError);
});

test('JSON stays what it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(asJson(text)).toBe(text);
    }),
  );
});

test('T19 whatever is sent, it ends soon and adds nothing but quotes and blanks', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('"', '\\', '/', '*', '\n', 'a', ':', '{', '}', ' ', '1') }),
      (text) => {
        expect(asJson(text).length).toBeLessThanOrEqual(text.length * 3 + 1);
      },
    ),
  );
});
