/** What is written down when an upgrade is given up: where it ended says whether anything of the version before was touched (T84, T85). */
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { extension, testMachine, type TestMachine } from './machine.fixture.ts';
import { reachesOut, type StepKind } from './plan/step.ts';
import { retreat } from './retreat.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const why = { state: 'Failed', code: 'HandlerUpdateFailed', message: 'It broke.' } as const;

/** Version 1 works, and the operation `second` has brought version 2 beside it. */
function upgrading(): TestMachine {
  const machine = testMachine();
  const common = { name: extension, resourceName: 'thing' };
  machine.put({ ...common, version: v1, phase: 'enabled', operation: { id: 'first', kind: 'install' } });
  machine.put({ ...common, version: v2, phase: 'placed', operation: { id: 'second', kind: 'upgrade' } });
  return machine;
}

const failureOf = ({ host }: TestMachine): unknown =>
  host.store.list().extensions.find(({ version }) => version === v2)?.failure;

const untouched = new Set<StepKind>(['fetch', 'discard', 'configure']);
test.each(Object.keys(reachesOut) as StepKind[])('T85 an upgrade that ended at %s', (step) => {
  using machine = upgrading();
  expect(retreat(machine.host, extension, 'second', why, step)).toBe(true);
  expect(failureOf(machine)).toEqual({ ...why, disabledBefore: !untouched.has(step) });
});

test('T85 where it ended is not known: then the version before may have been touched', () => {
  using machine = upgrading();
  expect(retreat(machine.host, extension, 'second', why, undefined)).toBe(true);
  expect(failureOf(machine)).toMatchObject({ disabledBefore: true });
});

test('T85 an operation that has begun no upgrade has nothing to go back to, and nothing is written', () => {
  using machine = upgrading();
  expect(retreat(machine.host, extension, 'another', why, 'enable')).toBe(false);
  expect(failureOf(machine)).toBeUndefined();
});

test('T84 where nothing can be written no way back is begun, and it is said', () => {
  using machine = upgrading();
  const said: unknown[] = [];
  const { host } = machine;
  const put = (): never => {
    throw new Error('No space left on device.');
  };
  const full = { ...host, store: { ...host.store, put }, log: (...line: readonly unknown[]) => void said.push(line) };
  expect(retreat(full, extension, 'second', why, 'enable')).toBe(false);
  expect(failureOf(machine)).toBeUndefined();
  expect(said).toEqual([
    ['error', 'an upgrade cannot be taken back', { operation: 'second', error: 'No space left on device.' }],
  ]);
});
