import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTerminalReading, parseStatus, type StatusReading } from './handler-status.ts';
import { reportedStatus } from './reported-status.ts';

const message = { lang: 'en-US', message: 'Hello' };
const written = (status: unknown): string => JSON.stringify([{ version: '1.0', timestampUTC: 'T', status }]);
const origin = { handler: 'P.T-1.0', sequence: 4, time: '2026-01-01T00:00:00Z' };
const reported = (text: string | undefined) => reportedStatus(parseStatus(text), origin);
const statusOf = (reading: StatusReading) => {
  if (reading.kind !== 'status') throw new Error(`read as ${reading.kind}`);
  return reading.status;
};

describe('S1.3 a status is read with every oddity of the real ones', () => {
  test('a plain one', () => {
    const text = written({
      name: 'N',
      operation: 'Enable',
      status: 'success',
      code: 0,
      formattedMessage: message,
      substatus: [],
    });
    expect(statusOf(parseStatus(text))).toEqual({
      name: 'N',
      operation: 'Enable',
      status: 'success',
      code: 0,
      message: 'Hello',
      substatus: [],
      timestamp: 'T',
    });
    expect(reported(text)).toEqual({
      code: '0',
      level: 'Information',
      displayStatus: 'Provisioning succeeded',
      message: 'Hello',
      time: origin.time,
    });
  });

  test.each([
    ['0', '0'],
    [0, 0],
    [-1, -1],
    ['success', 'success'],
    [undefined, 0],
    [null, 0],
    [{}, 0],
  ])('the code %j is passed on as %j', (code, expected) => {
    expect(statusOf(parseStatus(written({ status: 'success', code }))).code).toBe(expected);
  });

  test.each([
    ['success', 'success', true, 'Information'],
    ['error', 'error', true, 'Error'],
    ['transitioning', 'transitioning', false, 'Information'],
    ['warning', 'warning', false, 'Warning'],
    ['failed', 'error', true, 'Error'],
    ['Success', 'error', true, 'Error'],
  ])('the word %s counts as %s', (word, expected, isTerminal, level) => {
    const reading = parseStatus(written({ status: word, code: 5, formattedMessage: message }));
    expect(statusOf(reading)).toMatchObject({ status: expected, code: 5, message: 'Hello' });
    expect(isTerminalReading(reading)).toBe(isTerminal);
    expect(reportedStatus(reading, origin)).toMatchObject({ level, code: '5' });
  });

  test('no file is not terminal and reads as transitioning; an empty list says nothing', () => {
    expect(isTerminalReading(parseStatus(undefined))).toBe(false);
    expect(reported(undefined)).toMatchObject({ code: '0', level: 'Information', displayStatus: 'Transitioning' });
    expect(parseStatus('[]')).toEqual({ kind: 'empty' });
    expect(isTerminalReading({ kind: 'empty' })).toBe(false);
    expect(reported('[]')).toBeUndefined();
  });

  test('only the first entry counts, a byte order mark does not', () => {
    const entry = (word: string): unknown => ({ status: { status: word } });
    expect(statusOf(parseStatus(`\ufeff${JSON.stringify([entry('success'), entry('error')])}`)).status).toBe('success');
  });

  test('half a file is unparsable and shows how it begins', () => {
    const text = `[{"status": ${'x'.repeat(5000)}`;
    const reading = parseStatus(text);
    expect(reading).toMatchObject({ kind: 'unparsable', excerpt: text.slice(0, 2000) });
    expect(isTerminalReading(reading)).toBe(true);
    expect(reported(text)).toMatchObject({ code: '1012', level: 'Error' });
    expect(reported(text)?.message).toContain(
      'The status reported by the extension P.T-1.0(Sequence number 4), was in an incorrect format',
    );
    expect(reported(text)?.message).toContain('[{"status": xxx');
  });

  test.each([
    ['{}', 'The extension status must be an array'],
    ['[1]', 'Missing status key'],
    ['[{}]', 'Missing status key'],
    [written({}), 'Missing status/status key'],
    [written({ status: 1 }), 'Missing status/status key'],
    [written({ status: 'success', formattedMessage: { message: 'x' } }), 'Missing formattedMessage/lang key'],
    [written({ status: 'success', formattedMessage: { lang: 'en' } }), 'Missing formattedMessage/message key'],
    [
      written({ status: 'success', substatus: [{ status: 'nope' }] }),
      'Invalid value nope in range [transitioning, error, success, warning] at the node substatus/status',
    ],
    [written({ status: 'success', substatus: [{}] }), 'Missing substatus/status key'],
    [
      written({ status: 'success', substatus: [{ status: 'success', formattedMessage: {} }] }),
      'Missing formattedMessage/lang key',
    ],
  ])('%j is invalid', (text, reason) => {
    const reading = parseStatus(text);
    expect(reading.kind).toBe('invalid');
    expect(isTerminalReading(reading)).toBe(true);
    expect(reported(text)).toMatchObject({ code: '1012', level: 'Error', displayStatus: 'Provisioning failed' });
    expect(reported(text)?.message).toContain(reason);
  });

  test('substatus: null and null entries are skipped, the others are reported behind the message', () => {
    expect(statusOf(parseStatus(written({ status: 'success', substatus: null }))).substatus).toEqual([]);
    const text = written({
      status: 'error',
      code: 3,
      formattedMessage: message,
      substatus: [null, { name: 'S', status: 'warning', code: '9', formattedMessage: message }],
    });
    expect(statusOf(parseStatus(text)).substatus).toEqual([
      { name: 'S', status: 'warning', code: '9', message: 'Hello' },
    ]);
    expect(reported(text)?.message).toBe('Hello\nS: warning (9) Hello');
  });

  test('a file over 128 KiB is cut and says so', () => {
    const item = {
      name: 'n'.repeat(20_000),
      status: 'success',
      formattedMessage: { lang: 'l', message: 'm'.repeat(20_000) },
    };
    const large = {
      status: 'success',
      formattedMessage: { lang: 'l', message: 'x'.repeat(2000) },
      substatus: Array.from({ length: 20 }, () => item),
    };
    const status = statusOf(parseStatus(written(large)));
    expect(status.message).toBe(`${'x'.repeat(1024)} ... [TRUNCATED]`);
    expect(status.substatus).toHaveLength(6);
    expect(status.substatus[0]?.message).toBe(`${'m'.repeat(10_240)} ... [TRUNCATED]`);
    const small = statusOf(parseStatus(written({ ...large, substatus: [] })));
    expect(small.message).toHaveLength(2000);
  });

  test('signatures in addresses are not reported', () => {
    const text = written({ status: 'error', formattedMessage: { lang: 'l', message: 'https://h/x?sig=secret&a=b' } });
    expect(reported(text)?.message).toBe('https://h/x?sig=REDACTED&a=b');
  });
});

describe('T53 whatever an extension writes, reading ends in a reading', () => {
  test('deep, huge or hostile', () => {
    expect(parseStatus('['.repeat(1_000_000)).kind).toBe('unparsable');
    expect(parseStatus(`[${' '.repeat(5 * 1024 * 1024)}]`).kind).toBe('unparsable');
    expect(parseStatus('[{"__proto__": {"status": {"status": "success"}}}]').kind).toBe('invalid');
    expect(parseStatus('[{"status": {"__proto__": {"status": "success"}}}]').kind).toBe('invalid');
  });

  test('any JSON value', () => {
    const words = fc.constantFrom(
      'status',
      'substatus',
      'formattedMessage',
      'lang',
      'message',
      'code',
      'success',
      'name',
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        words,
        fc.constant(null),
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(words, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (json) => {
        const reading = parseStatus(JSON.stringify([json]));
        const report = reportedStatus(reading, origin);
        expect(report === undefined || typeof report.message === 'string').toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
