import { describe, expect, test } from 'vitest';
import { heartbeatResponseSchema } from './wire/heartbeat.ts';
import { parseJson, parseValue, placeIn } from './parse.ts';

describe('parsing at the boundary', () => {
  test('what fits comes through', () => {
    expect(parseJson(heartbeatResponseSchema, '{"generation":3}', 'the answer')).toEqual({ generation: 3 });
  });
  test('what does not fit is named with its place', () => {
    expect(() => parseJson(heartbeatResponseSchema, '{', 'the answer')).toThrow(
      /^the answer is not JSON \(at line 1 column 2\)$/,
    );
    expect(() => parseValue(heartbeatResponseSchema, { generation: -1 }, 'the answer')).toThrow(
      /^the answer is malformed at 'generation': /,
    );
    // S1.7: what stands beside the mistake may be a secret.
    for (const text of [
      '{"password":topsecret}',
      '{"password":"topsecret',
      '{"password":"topsecret" "',
      'topsecret',
      '',
    ]) {
      let error: unknown;
      try {
        parseJson(heartbeatResponseSchema, text, 'the answer');
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'MalformedInput' });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).toMatch(/ the answer is not JSON(?: \(at line 1 column [0-9]+\))?$/);
    }
    expect(placeIn(new Error('x at position 5 (line 2 column 3)'))).toBe(' (at line 2 column 3)');
    expect(placeIn(new Error('x at position 5 (line 2 column 3) or "x"'))).toBe('');
    expect(() => parseValue(heartbeatResponseSchema, null, 'the answer')).toThrow(/^the answer is malformed: /);
  });
});
