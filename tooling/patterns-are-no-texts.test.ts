import { expect, test } from 'vitest';

test('a regular expression is no text: whoever compares them has a test that fails', () => {
  const told = { error: { message: 'It broke.' } };
  expect(() => expect(told).toMatchObject({ error: { message: /^It broke/ } })).toThrow('to match object');
  expect(() => expect([told]).toMatchObject([{ error: { message: /never/ } }])).toThrow('to match object');
  expect(told).toMatchObject({ error: { message: expect.stringMatching(/^It broke/) as string } });
  expect({ pattern: /a/ }).toEqual({ pattern: /a/ });
  expect(() => expect({ pattern: /a/ }).toEqual({ pattern: /b/ })).toThrow('to deeply equal');
});
