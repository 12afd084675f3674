/** The manager's use of the decision over the whole table of S4.4: no step reaches out without an allow. */
import {
  defaultControls,
  extensionListOf,
  knownExtension,
  type ControlsReading,
  type LocalControls,
} from '@sallyport/local-controls';
import { operationKinds, type OperationKind } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import { permitOf } from '../permit.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { entry, everyGoal, everyState, planned, record, v2 } from './plan.fixture.ts';
import type { Permit } from './permission.ts';
import { reachesOut } from './step.ts';

/** What makes each operation the one that is meant. */
const situations: Readonly<Record<OperationKind, readonly [GoalExtension, readonly InstalledExtension[]]>> = {
  install: [entry(), []],
  update: [entry({ sequence: 8 }), [record('enabled')]],
  upgrade: [entry({ version: v2, sequence: 8 }), [record('enabled')]],
  delete: [entry({ desired: 'absent', version: '' }), [record('enabled')]],
};

describe('S4.4 the table, as the manager acts on it', () => {
  const lists = (allow: readonly string[], block: readonly string[]): Partial<LocalControls> => ({
    'extensions.allowlist': extensionListOf(allow.map(knownExtension)),
    'extensions.blocklist': extensionListOf(block.map(knownExtension)),
  });
  const own = 'contoso.test/THING';
  const elsewhere = 'Contoso.Test/Else';
  // Written down by hand from the specification: install, update, upgrade, delete.
  const table: readonly (readonly [string, Partial<LocalControls>, string])[] = [
    ['allowlist only', lists([own], []), 'AAAA'],
    ['blocklist only', lists([], [own]), 'BBBA'],
    ['on both', lists([own], [own]), 'BBBA'],
    ['on neither, allowlist set', lists([elsewhere], []), 'BBBA'],
    ['on neither, both lists set', lists([elsewhere], [elsewhere]), 'BBBA'],
    ['on neither, only a blocklist set', lists([], [elsewhere]), 'AAAA'],
    ['no list set', lists([], []), 'AAAA'],
    ['Allow/None', lists(['Allow/None'], []), 'BBBA'],
    ['monitor mode, not on the managed list', { 'config.mode': 'monitor' }, 'BBBA'],
    ['monitor mode, own allowlist set aside', { 'config.mode': 'monitor', ...lists([own], []) }, 'BBBA'],
    ['manager disabled', { 'extensions.enabled': false }, 'XXXX'],
    ['manager disabled, allowed by list', { 'extensions.enabled': false, ...lists([own], []) }, 'XXXX'],
  ];
  const letters = new Map([
    ['ExtensionNotAllowed', 'B'],
    ['ExtensionManagerDisabled', 'X'],
    ['LocalControlsUnreadable', 'U'],
  ]);

  /** What the manager does for each operation in turn, in the letters of the table. */
  function rowOf(reading: ControlsReading): string {
    return operationKinds
      .map((operation) => {
        const [wanted, installed] = situations[operation];
        const permit = permitOf({ machine: 'gatehouse', readControls: () => reading });
        const [work, ...more] = planned(wanted, installed, permit);
        if (work === undefined || more.length > 0) return '?';
        if (work.kind === 'perform') return work.operation === operation ? 'A' : '?';
        if (work.kind !== 'refuse') return '?';
        const told = work.message.includes("'gatehouse'") && work.message.includes('/controls.json');
        return told ? (letters.get(work.code) ?? '?') : '?';
      })
      .join('');
  }

  test.each(table)('S4.4 %s', (_title, change, row) => {
    const controls = { ...defaultControls, ...change };
    expect(rowOf({ kind: 'in-force', controls, file: '/controls.json', generation: 1 })).toBe(row);
  });

  test('T54 unreadable controls: nothing but a delete', () => {
    expect(operationKinds).toEqual(['install', 'update', 'upgrade', 'delete']);
    const reason = '/controls.json is writable by others.';
    expect(rowOf({ kind: 'unreadable', file: '/controls.json', reason })).toBe('UUUA');
  });
});

describe('no step reaches out without an allow for exactly its operation', () => {
  test('S4.5 T01 whatever is there and whatever is wanted', () => {
    for (const installed of everyState()) {
      for (const wanted of everyGoal) {
        for (const allowedOperation of [undefined, ...operationKinds]) {
          const asked: OperationKind[] = [];
          const permit: Permit = (operation) => {
            asked.push(operation);
            const explanation = { outcome: 'block', rule: 'test', message: operation } as const;
            if (operation === allowedOperation)
              return { allowed: true, explanation: { ...explanation, outcome: 'allow' } };
            return { allowed: false, code: 'ExtensionNotAllowed', explanation };
          };
          for (const work of planned(wanted, installed, permit)) {
            const answeredAs =
              work.kind === 'perform'
                ? [work.operation]
                : [work.kind === 'retreat' ? work.because.message : work.kind === 'refuse' ? work.message : '?'];
            expect(answeredAs).toEqual(asked);
            expect(work.kind === 'perform').toBe(asked[0] === allowedOperation);
          }
        }
      }
    }
  });

  test('steps that fetch or run something are the ones that reach out', () => {
    const quiet = Object.entries(reachesOut).flatMap(([kind, out]) => (out ? [] : [kind]));
    expect(quiet).toEqual(['set-aside', 'await-status', 'discard', 'bring-back', 'await-again', 'conclude']);
  });
});
