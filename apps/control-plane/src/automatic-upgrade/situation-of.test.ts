import { parseExtensionName, parseHandlerVersion, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import type { Situation } from './plan-rollout.ts';
import { situationOf, type MemberFacts } from './situation-of.ts';
import { openControls } from '../testing/heartbeat-content.ts';

const now = Date.UTC(2026, 10, 28, 12);
const minute = 60_000;
const soak = 60 * minute;

function version(text: string): HandlerVersion {
  const parsed = parseHandlerVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function name(text: string): ExtensionName {
  const parsed = parseExtensionName(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.name;
}

const other = { publisher: 'Fabrikam', type: 'Agent' };
const own = { publisher: 'CONTOSO', type: 'agent' };
const plain: MemberFacts = {
  extension: name('Contoso/Agent'),
  target: version('1.3.0'),
  installed: '1.2.0',
  attempt: undefined,
  busy: false,
  status: undefined,
  connected: true,
  heardAt: now - minute,
  controls: openControls,
  pin: undefined,
  windows: [],
  timeZone: 'UTC',
};
const tried = (outcome: 'running' | 'succeeded' | 'failed' | 'refused', minutesAgo: number): Partial<MemberFacts> => ({
  attempt: { outcome, at: now - minutesAgo * minute, reason: 'a reason' },
  ...(outcome === 'succeeded' ? { installed: '1.3.0' } : {}),
});
const error = { level: 'Error', message: 'it does not run' };

test.each<[string, Partial<MemberFacts>, Partial<Situation>]>([
  ['nothing stands in its way', {}, { kind: 'ready' }],
  ['its operation runs', tried('running', 5), { kind: 'upgrading' }],
  ['it failed', tried('failed', 5), { kind: 'failed', reason: 'a reason' }],
  ['it arrived', tried('succeeded', 5), { kind: 'upgraded', at: now - 5 * minute }],
  ['it arrived and is not well', { ...tried('succeeded', 5), status: error }, { kind: 'failed' }],
  [
    'it arrived, and is another version meanwhile',
    { ...tried('succeeded', 5), status: error, installed: '1.2.0' },
    { kind: 'upgraded' },
  ],
  [
    'it arrived, and the machine fell silent with it',
    { ...tried('succeeded', 90), connected: false, heardAt: now - 80 * minute },
    { kind: 'failed' },
  ],
  [
    'it arrived and was well, and the machine was switched off later',
    { ...tried('succeeded', 900), connected: false, heardAt: now - 80 * minute },
    { kind: 'upgraded' },
  ],
  ['it was refused today', tried('refused', 60), { kind: 'refused', reason: 'a reason' }],
  ['it was refused yesterday', tried('refused', 24 * 60), { kind: 'ready' }],
  [
    'it is pinned below',
    { pin: version('1.2') },
    { kind: 'held', reason: 'Contoso/Agent is pinned to 1.2 on this machine' },
  ],
  ['it is pinned to what is coming', { pin: version('1.3') }, { kind: 'ready' }],
  ['something else runs', { busy: true }, { kind: 'held' }],
  ['the machine is away', { connected: false }, { kind: 'held', reason: 'the machine is not connected' }],
  ['its manager is off', { controls: { ...openControls, extensionsEnabled: 'false' } }, { kind: 'held' }],
  ['S4.4 T08 its blocklist names it', { controls: { ...openControls, extensionsBlockList: [own] } }, { kind: 'held' }],
  [
    'S4.4 T08 its allowlist does not',
    { controls: { ...openControls, extensionsAllowList: [other] } },
    { kind: 'held' },
  ],
  ['its allowlist does', { controls: { ...openControls, extensionsAllowList: [other, own] } }, { kind: 'ready' }],
  ['its blocklist names another', { controls: { ...openControls, extensionsBlockList: [other] } }, { kind: 'ready' }],
  ['nothing is known of its lists', { controls: undefined }, { kind: 'ready' }],
  [
    'its window opens tonight',
    { windows: [{ days: ['Saturday'], start: '22:00', minutes: 60 }] },
    { kind: 'outside-window', opensAt: Date.UTC(2026, 10, 28, 22) },
  ],
  ['its window is openControls', { windows: [{ days: ['Saturday'], start: '11:30', minutes: 60 }] }, { kind: 'ready' }],
])('%s', (_, facts, wanted) => {
  expect(situationOf({ ...plain, ...facts }, soak, now)).toMatchObject(wanted);
});
