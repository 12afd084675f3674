import { extensionReportSchema } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { boundedReport } from './bounded-report.ts';

const now = Date.UTC(2026, 0, 1);
const long = 'x'.repeat(100_000);

test('T19 a machine cannot make the centre keep more than a bounded text', () => {
  const report = boundedReport(
    {
      resourceName: 'r',
      operationId: 'o',
      state: 'Failed',
      time: long,
      passed: Array.from({ length: 1000 }, () => ({ state: 'Downloading' as const, time: long })),
      version: long,
      protectedSettingsStored: false,
      error: { code: long, message: long },
      explanation: { outcome: long, rule: long, message: long, entry: long, file: long },
      status: { code: long, level: 'Error', displayStatus: long, message: long, time: 'never' },
    },
    now,
  );
  expect(JSON.stringify(report).length).toBeLessThan(80_000);
  expect(report).toMatchObject({
    time: '2026-01-01T00:00:00.000Z',
    version: '',
    status: { time: '2026-01-01T00:00:00.000Z' },
  });
  expect(extensionReportSchema.safeParse(report).success).toBe(true);
});

test('what is within its bounds stays as it is, and what is left out stays out', () => {
  const report = {
    resourceName: 'r',
    operationId: 'o',
    state: 'Succeeded',
    time: '2026-05-01T10:00:00.000Z',
    version: '1.2.3',
    protectedSettingsStored: true,
    passed: [{ state: 'Verifying', time: '2026-05-01T09:59:59.000Z' }],
  } as const;
  expect(boundedReport(report, now)).toEqual(report);
});
