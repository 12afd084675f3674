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
  if (wanted.failure !== undefined) return afresh();
  const kept = others.filter(({ phase }) => phase === 'kept');
  const leftovers = others.filter(({ phase }) => phase !== 'kept');
  switch (wanted.phase) {
    case 'enabled':
      return [...discards(leftovers), ...stepsOfEnabled(entry, wanted, heard), ...discards(kept)];
    case 'installed':
      if (wanted.suspended === true && isAsWanted(entry, wanted, heard)) return [];
      return [...discards(leftovers), ...enabling(version), ...discards(kept)];
    case 'updated':
      return [
        ...leftovers.flatMap((record) => handedOver(version, record)),
        ...installedAfterUpdate(version),
        ...discards(others.filter(isKeptAfterUpdate)),
      ];
    case 'placed':
      // A tree that an earlier operation left behind is not trusted to be whole: it is fetched and verified again (T56).
      return wanted.operation.id === entry.operationId ? stepsFrom([], version, others) : afresh();
    case 'fetching':
    case 'uninstalled':
    case 'kept':
      return afresh();
  }
}

/** One that was stopped with the manager comes back with it, and not for an operation that is over. */
function isAsWanted(entry: GoalExtension, wanted: InstalledExtension, heard: boolean): boolean {
  return heard && wanted.enabledSequence === entry.sequence;
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
    ...discards([before]),
  ];
}

/**
 * Another version after the update. One that was working is uninstalled, and its files are set aside until the new version has
 * proven itself; whatever else is there is a leftover.
 */
function handedOver(version: HandlerVersion, other: InstalledExtension): readonly Step[] {
  if (!isKeptAfterUpdate(other)) return discards([other]);
  const aside: Step = { kind: 'set-aside', version: other.version };
  return isWorking(other) ? [{ kind: 'uninstall-before', version, before: other.version }, aside] : [aside];
}

function isKeptAfterUpdate(other: InstalledExtension): boolean {
  return isWorking(other) || other.phase === 'uninstalled' || other.phase === 'kept';
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
export function hasRun({ phase }: InstalledExtension): boolean {
  return phase === 'updated' || phase === 'installed' || phase === 'enabled';
}
