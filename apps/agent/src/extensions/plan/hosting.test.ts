import { defaultControls, type LocalControls } from '@sallyport/local-controls';
import { expect, test } from 'vitest';
import { hostingOf } from './hosting.ts';

test('S4.11 on, off, and not known: what cannot be read is neither', () => {
  const reading = (change: Partial<LocalControls>): Parameters<typeof hostingOf>[0] => ({
    kind: 'in-force',
    controls: { ...defaultControls, ...change },
    file: '/controls.json',
    generation: 1,
  });
  expect(hostingOf(reading({}))).toBe('on');
  expect(hostingOf(reading({ 'config.mode': 'monitor' }))).toBe('on');
  expect(hostingOf(reading({ 'extensions.enabled': false }))).toBe('off');
  expect(hostingOf(reading({ 'config.mode': 'monitor', 'extensions.enabled': false }))).toBe('off');
  expect(hostingOf({ kind: 'unreadable', file: '/controls.json', reason: 'It is empty.' })).toBe('unknown');
});
