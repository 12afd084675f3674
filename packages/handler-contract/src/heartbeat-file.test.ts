import { expect, test } from 'vitest';
import { conditionOf, parseHeartbeat } from './heartbeat-file.ts';

const beat = (heartbeat: unknown): string => JSON.stringify([{ version: 1.0, heartbeat }]);
const formattedMessage = { lang: 'en-US', message: 'All engines stopped' };

test.each([
  ['missing', undefined, 0, { status: 'NotReady', message: '[ExtensionError] Failed to get heart beat file' }],
  ['ready', beat({ status: 'ready', code: 0, formattedMessage }), 599, undefined],
  ['Ready', beat({ status: 'Ready' }), 0, undefined],
  [
    'notready',
    beat({ status: 'notready', code: 7, formattedMessage }),
    0,
    { status: 'notready', message: 'All engines stopped' },
  ],
  [
    'stale',
    beat({ status: 'ready', formattedMessage }),
    601,
    { status: 'Unresponsive', message: 'All engines stopped' },
  ],
  [
    'without a message',
    beat({ status: 'notready', formattedMessage: { Message: 'not read' } }),
    0,
    { status: 'notready', message: '' },
  ],
])('S1.3 a heartbeat that is %s', (_what, text, age, condition) => {
  expect(conditionOf(parseHeartbeat(text, age))).toEqual(condition);
});

test.each([
  '',
  '{}',
  '[]',
  '[{}]',
  '[{"heartbeat": {}}]',
  '[{"heartbeat": {"status": 1}}]',
  '['.repeat(100_000),
  'half [',
])('T53 whatever is written there ends in a reading: %s', (text) => {
  expect(parseHeartbeat(text, 0).kind).toBe('invalid');
  expect(conditionOf(parseHeartbeat(text, 0))?.status).toBe('NotReady');
});

test('T53 long words and messages are cut', () => {
  const reading = parseHeartbeat(beat({ status: 'x'.repeat(500), formattedMessage: { message: 'y'.repeat(9000) } }), 0);
  expect(reading).toMatchObject({ status: 'x'.repeat(64), message: 'y'.repeat(3200) });
});
