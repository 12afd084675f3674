/** S4.11 what stops while the manager is disabled, and what comes back: by hand for every phase, and interrupted anywhere. */
import { describe, expect, test } from 'vitest';
import { phases, type InstalledExtension } from '../state/installed-extension.ts';
import { allowAll, entry, failure, name, other, planned, record, told, v1, v2 } from './plan.fixture.ts';
import { recordsAfter } from './records-after.fixture.ts';
import { planUpkeep, type Upkeep, type UpkeepInput } from './upkeep.ts';

const none = new Set<string>();

function input(
  hosting: UpkeepInput['hosting'],
  hosted: boolean,
  installed: readonly InstalledExtension[],
): UpkeepInput {
  return { installed, concluded: new Map(), hosting, machineLife: 'this life', isHosted: () => hosted };
}

function lines(works: readonly Upkeep[]): readonly string[] {
  return works.map(({ purpose, steps }) => [purpose, ...steps.map(told)].join(', '));
}

const resuming = 'resume, restore-settings 1.0.0, enable-again 1.0.0';

describe('while the manager is disabled', () => {
  test.each(phases)('%s: stopped when it is enabled and hosted', (phase) => {
    const stops = phase === 'enabled' ? ['suspend, suspend 1.0.0'] : [];
    expect(lines(planUpkeep(input('off', true, [record(phase)]), none))).toEqual(stops);
    // What has a service of its own, or nothing that runs, is left alone.
    expect(planUpkeep(input('off', false, [record(phase)]), none)).toEqual([]);
    // One that was being stopped is stopped to the end.
    expect(lines(planUpkeep(input('off', false, [record(phase, v1, { suspended: true })]), none))).toEqual(stops);
  });

  test('it is asked of the very version, and one that is being removed is left to that', () => {
    const installed = [record('kept'), record('enabled', v2)];
    const asked: unknown[] = [];
    const works = planUpkeep({ ...input('off', false, installed), isHosted: (one) => asked.push(one) > 0 }, none);
    expect(works).toEqual([
      { kind: 'upkeep', purpose: 'suspend', name, subject: installed[1], steps: [{ kind: 'suspend', version: v2 }] },
    ]);
    expect(asked).toEqual([installed[1]]);
    expect(planUpkeep(input('off', true, installed), new Set(['contoso.test/thing']))).toEqual([]);
  });

  test('each extension for itself', () => {
    const installed = [record('enabled'), record('enabled', v2, { name: other })];
    expect(lines(planUpkeep(input('off', true, installed), none))).toEqual([
      'suspend, suspend 1.0.0',
      'suspend, suspend 2.0.0',
    ]);
  });

  test('a failed upgrade is told first, then what is left of it is stopped', () => {
    const failed = record('placed', v2, { failure });
    const installed = [record('enabled'), failed];
    expect(lines(planUpkeep(input('off', true, installed), none))).toEqual(['go-back, conclude 2.0.0']);
    const concluded = new Map([['thing', { operationId: 'earlier', state: 'Failed' } as const]]);
    expect(lines(planUpkeep({ ...input('off', true, installed), concluded }, none))).toEqual([
      'suspend, suspend 1.0.0',
    ]);
  });
});

describe('while the controls cannot be read', () => {
  test.each(phases)('%s: nothing is stopped and nothing is started', (phase) => {
    const all = [record(phase), record(phase, v1, { suspended: true }), record(phase, v1, { enabledIn: 'an earlier' })];
    for (const one of all) expect(planUpkeep(input('unknown', true, [one]), none)).toEqual([]);
  });
});

describe('while it is enabled', () => {
  test.each(phases)('%s: comes back when it was stopped', (phase) => {
    expect(planUpkeep(input('on', true, [record(phase)]), none)).toEqual([]);
    expect(lines(planUpkeep(input('on', false, [record(phase, v1, { suspended: true })]), none))).toEqual([resuming]);
  });

  test.each(phases)('%s: comes back in another life of the machine when it was enabled', (phase) => {
    const enabledIn = (life: string): readonly string[] =>
      lines(planUpkeep(input('on', false, [record(phase, v1, { enabledIn: life })]), none));
    expect(enabledIn('this life')).toEqual([]);
    expect(enabledIn('an earlier')).toEqual(phase === 'enabled' ? [resuming] : []);
  });

  test('with a failed upgrade beside it, the way back comes first', () => {
    const installed = [record('installed', v1, { suspended: true }), record('placed', v2, { failure })];
    expect(planUpkeep(input('on', false, installed), none)).toMatchObject([{ purpose: 'go-back' }]);
  });
});

describe('in the plan', () => {
  const refusing = (): { allowed: false; code: 'ExtensionManagerDisabled'; explanation: typeof explanation } => ({
    allowed: false,
    code: 'ExtensionManagerDisabled',
    explanation,
  });
  const explanation = { outcome: 'cannot-run', rule: 'test', message: 'Disabled.' } as const;
  const stopped = record('installed', v1, { suspended: true, enabledSequence: 7 });

  test('S4.11 what is over is not answered anew because it was stopped; what is not over is refused', () => {
    expect(planned(entry({ operationDone: true }), [stopped], refusing, undefined, 'off')).toEqual([]);
    const done = { operationId: 'wanted', state: 'Succeeded' } as const;
    expect(planned(entry(), [stopped], refusing, done, 'off')).toEqual([]);
    for (const wanted of [entry(), entry({ operationDone: true, sequence: 8 }), entry({ version: v2 })])
      expect(planned(wanted, [stopped], refusing, undefined, 'off')).toMatchObject([
        { kind: 'refuse', code: 'ExtensionManagerDisabled' },
      ]);
  });

  test('S4.6 it comes back whatever the lists say', () => {
    const blocked = (): { allowed: false; code: 'ExtensionNotAllowed'; explanation: typeof explanation } => ({
      allowed: false,
      code: 'ExtensionNotAllowed',
      explanation,
    });
    const works = planned(entry({ operationDone: true }), [stopped], blocked);
    expect(works).toMatchObject([{ kind: 'upkeep', purpose: 'resume', subject: stopped }]);
    expect(planned(entry({ operationDone: true, sequence: 8 }), [stopped], allowAll)).toMatchObject([
      { kind: 'upkeep' },
      { kind: 'perform', operation: 'update' },
    ]);
  });
});

test('T84 S4.11 disabled and enabled at any moment, interrupted anywhere: what was enabled is enabled in the end', () => {
  for (let until = 0; until < 4; until += 1) {
    for (let since = 0; since < 4; since += 1) {
      let records: readonly InstalledExtension[] = [record('enabled', v1, { enabledIn: 'this life' })];
      const walk = (hosting: 'on' | 'off', most: number): void => {
        for (let done = 0; done < most;) {
          const hosted = records.some(({ phase }) => phase === 'enabled');
          const [work] = planUpkeep(input(hosting, hosted, records), none);
          if (work === undefined) return;
          for (const step of work.steps.slice(0, most - done)) {
            records = recordsAfter(step, records, { operationId: 'wanted', sequence: 7 });
            done += 1;
          }
        }
      };
      walk('off', until);
      walk('on', since);
      walk('off', 9);
      expect(records).toMatchObject([{ phase: 'installed', suspended: true }]);
      walk('on', 9);
      expect(records).toMatchObject([{ phase: 'enabled', suspended: false, enabledSequence: 7 }]);
    }
  }
});
