/** What each step means for the records, as the executors do it: for tests that walk through plans without running anything. */
import type { HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import type { InstalledExtension, Phase } from '../state/installed-extension.ts';
import { record } from './plan.fixture.ts';
import type { Step } from './step.ts';

/** The records after a step. Throws for one that may not come in this state. */
export function recordsAfter(
  step: Step,
  records: readonly InstalledExtension[],
  wanted: Pick<GoalExtension, 'operationId' | 'sequence'>,
): readonly InstalledExtension[] {
  const of = (version: HandlerVersion): InstalledExtension => {
    const found = records.find((one) => one.version === version);
    if (found === undefined) throw new Error(`${step.kind} ${version}: there is no such version`);
    return found;
  };
  const change = (
    version: HandlerVersion,
    to: Partial<InstalledExtension>,
    from: readonly Phase[],
  ): readonly InstalledExtension[] => {
    const found = of(version);
    if (!from.includes(found.phase)) throw new Error(`${step.kind} ${version} in phase ${found.phase}`);
    return records.map((one) => (one === found ? { ...one, ...to } : one));
  };
  const operation = { id: wanted.operationId, kind: 'install' } as const;
  switch (step.kind) {
    case 'fetch':
      if (records.some(({ version }) => version === step.version)) throw new Error('fetched over a record');
      return [...records, record('placed', step.version, { operation })];
    case 'configure':
      return change(step.version, {}, ['placed', 'updated', 'installed', 'enabled']);
    case 'disable-before':
      of(step.version);
      return change(step.before, { phase: 'installed' }, ['enabled']);
    case 'carry-over':
      of(step.before);
      return change(step.version, {}, ['placed']);
    case 'update':
      if (of(step.before).phase !== 'installed') throw new Error('updated from a version that was not disabled');
      return change(step.version, { phase: 'updated' }, ['placed']);
    case 'uninstall-before':
      if (of(step.version).phase !== 'updated') throw new Error('uninstalled before the new version had taken over');
      return change(step.before, { phase: 'uninstalled' }, ['installed', 'enabled']);
    case 'install':
      return change(
        step.version,
        { phase: 'installed' },
        step.afterUpdate ? ['updated'] : ['placed', 'uninstalled', 'installed', 'enabled'],
      );
    case 'enable':
      return change(step.version, { phase: 'enabled', enabledSequence: wanted.sequence, operation }, [
        'installed',
        'enabled',
      ]);
    case 'await-status':
      return change(step.version, {}, ['enabled']);
    case 'set-aside':
    case 'bring-back': {
      const [from, to]: readonly Phase[] =
        step.kind === 'set-aside' ? ['uninstalled', 'kept'] : ['kept', 'uninstalled'];
      return change(step.version, { phase: to ?? 'kept' }, [from ?? 'kept']);
    }
    case 'disable-failed':
      if (of(step.version).failure === undefined) throw new Error('it has not failed');
      return change(step.version, { phase: 'installed' }, ['enabled']);
    case 'restore-settings':
      return change(step.version, {}, ['uninstalled', 'installed', 'enabled']);
    case 'enable-again':
      return change(
        step.version,
        {
          phase: 'enabled',
          operation,
          suspended: false,
          enabledIn: 'this life',
          ...(step.awaited === true ? { comeback: { kind: 'awaited' } } : {}),
        },
        ['installed', 'enabled'],
      );
    case 'await-again': {
      if (of(step.version).comeback?.kind !== 'awaited') throw new Error('it is not awaited');
      return records.map(({ comeback, ...one }) =>
        one.version === step.version || comeback === undefined ? one : { ...one, comeback },
      );
    }
    case 'suspend':
      return change(step.version, { phase: 'installed', suspended: true }, ['enabled']);
    case 'conclude':
      of(step.version);
      return records;
    case 'disable':
      return change(step.version, { phase: 'installed' }, ['enabled']);
    case 'take-off':
      return change(step.version, {}, ['enabled', 'installed']);
    case 'uninstall':
      return change(step.version, { phase: 'uninstalled' }, ['updated', 'installed']);
    case 'discard':
      return records.filter((one) => one !== of(step.version));
  }
  return records;
}
