import { describe, expect, test } from 'vitest';
import { heartbeatResponseSchema } from './wire/heartbeat.ts';
import { parseJson, parseValue } from './parse.ts';

describe('parsing at the boundary', () => {
  test('what fits comes through', () => {
    expect(parseJson(heartbeatResponseSchema, '{"generation":3}', 'the answer')).toEqual({ generation: 3 });
  });
  test('what does not fit is named with its place', () => {
    expect(() => parseJson(heartbeatResponseSchema, '{', 'the answer')).toThrow(/^the answer is not JSON: /);
    expect(() => parseValue(heartbeatResponseSchema, { generation: -1 }, 'the answer')).toThrow(
      /^the answer is malformed at 'generation': /,
    );
    expect(() => parseValue(heartbeatResponseSchema, null, 'the answer')).toThrow(/^the answer is malformed: /);
  });
});
