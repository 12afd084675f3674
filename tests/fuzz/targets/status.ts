/** Status files: read without ever throwing, and what is reported of them has a bounded size (T47, T53). */
import { parseStatus, reportedStatus, statusWords } from '@sallyport/handler-contract';
import { hold, jsonWords, requireCleanPrototype, words, type FuzzTarget } from '../target.ts';

const body = {
  name: 'Thing',
  operation: 'Enable',
  status: 'success',
  code: 0,
  formattedMessage: { lang: 'en-US', message: 'Done; see https://example.org/?sig=abc%3D' },
  substatus: [{ name: 'StdOut', status: 'transitioning', code: '7', formattedMessage: { lang: 'en', message: 'x' } }],
};
const seed = (status: unknown): Buffer =>
  Buffer.from(JSON.stringify([{ version: 1.0, timestampUTC: '2026-01-01T00:00:00Z', status }]));
const origin = { handler: 'Contoso.Thing-1.0.0', sequence: 3, time: '2026-01-01T00:00:00.000Z' };

export const status: FuzzTarget = {
  reads: 'status files (packages/handler-contract)',
  seeds: [seed(body), seed({ status: 'error', code: '51' }), Buffer.from('[]')],
  words: [
    ...jsonWords,
    ...words('"status":', '"substatus":', '"formattedMessage":', '"message":', '"lang":', '"code":', '"failed"'),
    ...statusWords.map((word) => Buffer.from(`"${word}"`)),
  ],
  most: 2048,
  execute(input) {
    const reading = parseStatus(input.toString('utf8'));
    const reported = reportedStatus(reading, origin);
    hold((reported === undefined) === (reading.kind === 'empty'), 'a status that says something is not reported');
    if (reported !== undefined) {
      hold(typeof reported.code === 'string' && typeof reported.message === 'string', 'a report holds no text');
      hold(reported.message.length <= 4 * input.length + 4096, 'a report is much longer than what it reports');
    }
    requireCleanPrototype();
    return reading.kind === 'status' ? 'accepted' : 'refused';
  },
};
