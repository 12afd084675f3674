/**
 * The steps from what is on the machine to what is wanted, for one extension. Computed anew from the records after every
 * restart, so an interrupted operation goes on where its last recorded step ended (T84, handler contract §3 and §4).
 */
import type { GoalExtension, HandlerVersion } from '@sallyport/model';
import type { InstalledExtension, Phase } from '../state/installed-extension.ts';
import type { Step } from './step.ts';

/** Steps until nothing of the extension is left. `records` are its versions on the machine. */
export function stepsToAbsent(records: readonly InstalledExtension[]): readonly Step[] {
  return records.flatMap(({ phase, version }): readonly Step[] => [
    ...(phase === 'enabled' ? [{ kind: 'disable', version } as const] : []),
    ...(hasRun(phase) ? [{ kind: 'uninstall', version } as const] : []),
    { kind: 'discard', version },
  ]);
}

/**
 * Steps until `version` is enabled with the entry's settings and has said how that went; `heard` is whether it has said so
 * for this operation. Empty when all is as wanted.
 */
export function stepsToPresent(
  entry: GoalExtension,
  version: HandlerVersion,
  records: readonly InstalledExtension[],
  heard: boolean,
): readonly Step[] {
  const wanted = records.find((record) => record.version === version);
  const others = records.filter((record) => record.version !== version);
  if (wanted === undefined) return stepsFromNothing(version, others);
  const afresh = [{ kind: 'discard', version } as const, ...stepsFromNothing(version, others)];
  const steps: Readonly<Record<Phase, () => readonly Step[]>> = {
    enabled: () => [...discards(others), ...stepsOfEnabled(entry, wanted, heard)],
    installed: () => [...discards(others), ...enabling(version)],
    updated: () => [...finishedBefore(version, others), ...installing(version, true), ...enabling(version)],
    // A tree that an earlier operation left behind is not trusted to be whole: it is fetched and verified again (T56).
    placed: () => (wanted.operation.id === entry.operationId ? stepsFromPlaced(version, others) : afresh),
    fetching: () => afresh,
    uninstalled: () => afresh,
  };
  return steps[wanted.phase]();
}

function stepsOfEnabled(entry: GoalExtension, wanted: InstalledExtension, heard: boolean): readonly Step[] {
  if (wanted.enabledSequence !== entry.sequence) return enabling(wanted.version);
  // Enabled, but whether it worked was not heard: the operation is not over.
  return heard ? [] : [{ kind: 'await-status', version: wanted.version }];
}

function stepsFromNothing(version: HandlerVersion, others: readonly InstalledExtension[]): readonly Step[] {
  const before = others.find(isWorking);
  const leftovers = others.filter((record) => record !== before);
  return [
    ...discards(leftovers),
    { kind: 'fetch', version },
    ...stepsFromPlaced(version, before === undefined ? [] : [before]),
  ];
}

function stepsFromPlaced(version: HandlerVersion, others: readonly InstalledExtension[]): readonly Step[] {
  const before = others.find(isWorking);
  const configure: Step = { kind: 'configure', version };
  if (before === undefined) {
    return [...discards(others), configure, ...installing(version, false), ...enabling(version).slice(1)];
  }
  const both = { version, before: before.version };
  return [
    ...discards(others.filter((record) => record !== before)),
    configure,
    ...(before.phase === 'enabled' ? [{ kind: 'disable-before', ...both } as const] : []),
    { kind: 'carry-over', ...both },
    { kind: 'update', ...both },
    ...finishedBefore(version, [before]),
    ...installing(version, true),
    ...enabling(version),
  ];
}

/** The version before has handed over: it is uninstalled, then removed. */
function finishedBefore(version: HandlerVersion, others: readonly InstalledExtension[]): readonly Step[] {
  return others.flatMap((record): readonly Step[] => {
    const gone: Step = { kind: 'discard', version: record.version };
    return isWorking(record) ? [{ kind: 'uninstall-before', version, before: record.version }, gone] : [gone];
  });
}

function installing(version: HandlerVersion, afterUpdate: boolean): readonly Step[] {
  return [{ kind: 'install', version, afterUpdate }];
}

function enabling(version: HandlerVersion): readonly Step[] {
  return [
    { kind: 'configure', version },
    { kind: 'enable', version },
    { kind: 'await-status', version },
  ];
}

function discards(records: readonly InstalledExtension[]): readonly Step[] {
  return records.map((record) => ({ kind: 'discard', version: record.version }));
}

/** Whether a command of it has run that an uninstall has to make good. */
function hasRun(phase: Phase): boolean {
  return phase === 'updated' || phase === 'installed' || phase === 'enabled';
}

/** Installed as far as its own commands are concerned. */
function isWorking(record: InstalledExtension): boolean {
  return record.phase === 'installed' || record.phase === 'enabled';
}
