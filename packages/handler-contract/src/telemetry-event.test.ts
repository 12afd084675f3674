import { expect, test } from 'vitest';
import { isTelemetryFile, parseTelemetry } from './telemetry-event.ts';

const whole = {
  Version: '1.0',
  Timestamp: '2026-11-25T00:00:00Z',
  TaskName: 'Enable',
  EventLevel: 'Informational',
  Message: 'Hello',
  EventPid: '1',
  EventTid: '2',
  OperationId: 'x',
};
const read = { timestamp: '2026-11-25T00:00:00Z', task: 'Enable', level: 'Informational', message: 'Hello' };

test('S1.3 one event or a list, keys in any case', () => {
  expect(parseTelemetry(JSON.stringify(whole))).toEqual({ events: [read], dropped: 0 });
  const lower = Object.fromEntries(Object.entries(whole).map(([key, value]) => [key.toLowerCase(), value]));
  expect(parseTelemetry(JSON.stringify([whole, lower]))).toEqual({ events: [read, read], dropped: 0 });
});

test.each(Object.keys(whole))('an event without %s is dropped, the others are not', (key) => {
  const partial = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
  expect(parseTelemetry(JSON.stringify([partial, whole]))).toEqual({ events: [read], dropped: 1 });
});

test('T53 what is too long, or no event at all, is dropped', () => {
  for (const value of [
    { ...whole, Message: 'x'.repeat(3073) },
    { ...whole, More: 'x'.repeat(7000) },
    1,
    null,
    'x',
    [],
  ]) {
    expect(parseTelemetry(JSON.stringify([value])).dropped).toBe(1);
  }
  for (const text of ['', 'half [', '['.repeat(100_000)])
    expect(parseTelemetry(text)).toEqual({ events: [], dropped: 1 });
});

test('names of event files are digits', () => {
  expect(['1.json', '16123456789.json'].every(isTelemetryFile)).toBe(true);
  expect(['a.json', '1.tld', '1.json.new', '../1.json', '.json'].some(isTelemetryFile)).toBe(false);
});
