/** T84: what is planned where a record, or how an operation ended, is in words of another version of the agent. */
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import { unguarded } from '../orders/unguarded.fixture.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { unreadableOf, unreadableSentence, type UnreadableRecord } from '../state/unreadable-record.ts';
import type { Conclusion } from './conclusion.ts';
import type { Hosting } from './hosting.ts';
import type { Permit } from './permission.ts';
import { plan, type Work } from './plan.ts';
import {
  allowAll,
  entry,
  everyGoal,
  everyState,
  failure,
  name,
  other,
  planned,
  record,
  v1,
  v2,
} from './plan.fixture.ts';

const unreadable: UnreadableRecord = { handler: 'Contoso.Test.Thing', version: v2, problem: 'state.json is strange' };

function plannedWith(
  wanted: GoalExtension,
  installed: readonly InstalledExtension[],
  permit: Permit,
  hosting: Hosting,
  concluded?: Conclusion,
): readonly Work[] {
  return plan({
    goal: { machineId: 'm', generation: 1, extensions: [wanted] },
    installed,
    unreadable: [unreadable],
    concluded: new Map(concluded === undefined ? [] : [['thing', concluded]]),
    permit,
    judge: unguarded.judge,
    hosting,
    machineLife: 'another life',
    isHosted: () => true,
  });
}

describe('of an extension with a record that cannot be read', () => {
  const never: Permit = () => {
    throw new Error('the controls were asked');
  };

  test('nothing is done, whatever else is there and whatever is wanted, and every open request is refused', () => {
    for (const hosting of ['on', 'off', 'unknown'] as const) {
      for (const installed of [...everyState(), [record('enabled'), record('placed', v2, { failure })]]) {
        for (const wanted of everyGoal) {
          const works = plannedWith(wanted, installed, never, hosting);
          const answers = works.filter(({ kind }) => kind !== 'upkeep');
          const message = unreadableSentence(name, unreadable);
          const refusal = { kind: 'refuse', entry: wanted, code: 'RecordUnreadable', message };
          expect(answers).toEqual(wanted.operationDone ? [] : [refusal]);
          for (const work of works)
            if (work.kind === 'upkeep') expect([hosting, work.purpose]).toEqual(['off', 'suspend']);
        }
      }
    }
  });

  test('what is hosted is stopped with the manager (S4.11)', () => {
    expect(plannedWith(entry({ operationDone: true }), [record('enabled')], never, 'off')).toMatchObject([
      { kind: 'upkeep', purpose: 'suspend', subject: { version: v1 } },
    ]);
  });

  test.each([entry(), entry({ desired: 'absent', version: '' })])('a refusal is told once (%j)', (wanted) => {
    const end = { operationId: 'wanted', state: 'Failed' } as const;
    expect(plannedWith(wanted, [], never, 'on', end)).toEqual([]);
  });

  test('others are planned as ever', () => {
    const wanted = entry({ publisher: other.publisher, type: other.type });
    expect(plannedWith(wanted, [], allowAll, 'on')).toEqual(planned(wanted, [], allowAll));
  });

  test.each([
    ['Contoso.Test.Thing', true],
    ['contoso.test.THING', true],
    ['Contoso.Test.Things', false],
    ['Contoso.Test', false],
  ])('%s is the same handler: %s', (handler, isSame) => {
    expect(unreadableOf(name, [{ ...unreadable, handler }]) !== undefined).toBe(isSame);
    expect(unreadableOf(name)).toBeUndefined();
  });

  test('the sentence says which, why, and what to do', () => {
    const rest =
      'so nothing was done and the record was left as it is. state.json is strange. Where a newer version of the agent wrote it, install that again; where it is damaged, move the file away: then the extension counts as not installed.';
    expect(unreadableSentence(name, unreadable)).toBe(
      `The agent cannot tell how far it has come with Contoso.Test/Thing 2.0.0, ${rest}`,
    );
    expect(unreadableSentence(name, { ...unreadable, version: undefined, problem: 'state.json is strange.' })).toBe(
      `The agent cannot tell how far it has come with Contoso.Test/Thing, ${rest}`,
    );
  });
});

describe('of an operation that ended in a way that is not known', () => {
  const end = { operationId: 'wanted', state: 'unknown' } as const;

  test.each(everyGoal.filter(({ operationDone }) => !operationDone))('nothing is begun again (%j)', (wanted) => {
    for (const installed of [[], [record('placed')], [record('enabled', v1, { enabledSequence: 6 })]])
      expect(planned(wanted, installed, allowAll, end)).toEqual([]);
  });

  test('its end is not told a second time while nothing may be run', () => {
    const failed = record('placed', v2, { failure, operation: { id: 'wanted', kind: 'upgrade' } });
    const installed = [record('enabled'), failed];
    const wanted = entry({ version: v2 });
    expect(planned(wanted, installed, allowAll, undefined, 'off')).toMatchObject([{ steps: [{ kind: 'conclude' }] }]);
    expect(planned(wanted, installed, allowAll, end, 'off')).toEqual([]);
  });
});
