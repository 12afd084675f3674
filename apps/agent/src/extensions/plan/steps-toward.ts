/**
 * The steps from what is on the machine to what is wanted, for one extension. Computed anew from the records after every
 * restart, so an interrupted operation goes on where its last recorded step ended (T84, handler contract §3 and §4).
 */
import type { HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { isWorking, type InstalledExtension } from '../state/installed-extension.ts';
import type { Step } from './step.ts';

/** Steps until nothing of the extension is left. `records` are its versions on the machine. */
export function stepsToAbsent(records: readonly InstalledExtension[]): readonly Step[] {
  return records.flatMap((record): readonly Step[] => {
    const { phase, version } = record;
    return [
      ...(phase === 'enabled' ? [{ kind: 'disable', version } as const] : []),
      ...(hasRun(record) ? [{ kind: 'uninstall', version } as const] : []),
      { kind: 'discard', version },
    ];
  });
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
  const afresh = (): readonly Step[] => [{ kind: 'discard', version }, ...stepsFromNothing(version, others)];
  switch (wanted.phase) {
    case 'enabled':
      return [...discards(others), ...stepsOfEnabled(entry, wanted, heard)];
    case 'installed':
      return [...discards(others), ...enabling(version)];
    case 'updated':
      return [...others.flatMap((record) => handedOver(version, record)), ...installedAfterUpdate(version)];
    case 'placed':
      // A tree that an earlier operation left behind is not trusted to be whole: it is fetched and verified again (T56).
      return wanted.operation.id === entry.operationId ? stepsFrom([], version, others) : afresh();
    case 'fetching':
    case 'uninstalled':
      return afresh();
  }
}

function stepsOfEnabled(entry: GoalExtension, wanted: InstalledExtension, heard: boolean): readonly Step[] {
  if (wanted.enabledSequence !== entry.sequence) return enabling(wanted.version);
  // Enabled, but whether it worked was not heard: the operation is not over.
  return heard ? [] : [{ kind: 'await-status', version: wanted.version }];
}

function stepsFromNothing(version: HandlerVersion, others: readonly InstalledExtension[]): readonly Step[] {
  return stepsFrom([{ kind: 'fetch', version }], version, others);
}

/** `first` is what brings the version onto the machine, if it is not there. Of several others that work one is handed over. */
function stepsFrom(
  first: readonly Step[],
  version: HandlerVersion,
  others: readonly InstalledExtension[],
): readonly Step[] {
  const before = others.find(isWorking);
  const leftovers = others.filter((record) => record !== before);
  return [...discards(leftovers), ...first, ...takingOver(version, before)];
}

/** From a tree in its place to an enabled version. `before` is the version that is there, if one is. */
function takingOver(version: HandlerVersion, before: InstalledExtension | undefined): readonly Step[] {
  if (before === undefined) {
    return [{ kind: 'configure', version }, { kind: 'install', version, afterUpdate: false }, ...starting(version)];
  }
  const both = { version, before: before.version };
  return [
    { kind: 'configure', version },
    ...(before.phase === 'enabled' ? [{ kind: 'disable-before', ...both } as const] : []),
    { kind: 'carry-over', ...both },
    { kind: 'update', ...both },
    ...handedOver(version, before),
    ...installedAfterUpdate(version),
  ];
}

/** Another version after the update: one that was working is uninstalled first, then it is removed like any leftover. */
function handedOver(version: HandlerVersion, other: InstalledExtension): readonly Step[] {
  const gone: Step = { kind: 'discard', version: other.version };
  return isWorking(other) ? [{ kind: 'uninstall-before', version, before: other.version }, gone] : [gone];
}

function installedAfterUpdate(version: HandlerVersion): readonly Step[] {
  return [{ kind: 'install', version, afterUpdate: true }, ...enabling(version)];
}

function enabling(version: HandlerVersion): readonly Step[] {
  return [{ kind: 'configure', version }, ...starting(version)];
}

function starting(version: HandlerVersion): readonly Step[] {
  return [
    { kind: 'enable', version },
    { kind: 'await-status', version },
  ];
}

function discards(records: readonly InstalledExtension[]): readonly Step[] {
  return records.map((record) => ({ kind: 'discard', version: record.version }));
}

/** Whether a command of it has run that an uninstall has to make good. */
function hasRun(record: InstalledExtension): boolean {
  return record.phase === 'updated' || isWorking(record);
}
