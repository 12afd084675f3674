/**
 * Handlers that resources share (handler contract §5): one installation, and for each resource an extension within it that has
 * settings, status and sequence of its own. Pure. What one resource sees of the records makes its plan that of any other.
 */
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import { isWorking, type InstalledExtension, type SharingExtension } from '../state/installed-extension.ts';
import { resourceKey } from './conclusion.ts';
import type { Step } from './step.ts';
import { stepsToAbsent } from './steps-toward.ts';

/** The extensions of a record, as far as they were enabled; none for a handler that is not shared. */
export function sharingOf({ sharing }: InstalledExtension): readonly SharingExtension[] {
  return sharing ?? [];
}

/** For whom a handler is enabled or disabled: for each of its extensions, or, undefined, for the one resource it belongs to. */
export function sharersToStop(record: InstalledExtension): readonly (SharingExtension | undefined)[] {
  return record.sharing?.filter(({ leaving }) => leaving !== true) ?? [undefined];
}

/** The extension of that name in a record, also one that is leaving; case does not count, as it does not for resources. */
export function sharingNamed(record: InstalledExtension, extensionName: string): SharingExtension | undefined {
  return sharingOf(record).find((one) => isNamed(one, extensionName));
}

export function isNamed(one: Pick<SharingExtension, 'extensionName'>, extensionName: string): boolean {
  return one.extensionName.toLowerCase() === extensionName.toLowerCase();
}

/** The other resources that are to stay in the entry's handler. */
export function sharersOf(entry: GoalExtension, goal: GoalState | undefined): readonly GoalExtension[] {
  const handler = handlerOf(entry);
  return (goal?.extensions ?? []).filter(
    (one) => one.desired === 'present' && handlerOf(one) === handler && resourceKey(one) !== resourceKey(entry),
  );
}

/**
 * The version that an entry leads to. Of the resources that share a handler only one whose request is open moves it: the others
 * follow, also back to the version before when that failed.
 */
export function versionFor(entry: GoalExtension, records: readonly InstalledExtension[]): HandlerVersion | undefined {
  const wanted = parseHandlerVersion(entry.version);
  return followsHandler(entry, records) ? (records.find(worksShared)?.version ?? wanted) : wanted;
}

/** Whether an entry has the version that its handler has, whatever the centre says of it. */
export function followsHandler(entry: GoalExtension, records: readonly InstalledExtension[]): boolean {
  return entry.extensionName !== undefined && entry.operationDone && records.some(worksShared);
}

function worksShared(record: InstalledExtension): boolean {
  return record.sharing !== undefined && isWorking(record);
}

/** The records as the entry's extension sees them: a handler that is enabled for others only is no more than installed for it. */
export function asSeenBy(entry: GoalExtension, records: readonly InstalledExtension[]): readonly InstalledExtension[] {
  const { extensionName } = entry;
  if (extensionName === undefined) return records;
  const wanted = versionFor(entry, records);
  return records.map((record) => {
    const isEnabled = record.phase === 'enabled' || record.suspended === true;
    if (record.version !== wanted || record.sharing === undefined || !isEnabled) return record;
    const own = sharingNamed(record, extensionName);
    if (own === undefined || own.leaving === true) return { ...record, phase: 'installed', suspended: false };
    return { ...record, enabledSequence: own.enabledSequence, operation: own.operation };
  });
}

/** Steps until the extension is gone from a record; with `othersStay`, or others in it, the handler stays. */
export function stepsOff(extensionName: string, record: InstalledExtension, othersStay: boolean): readonly Step[] {
  const own = sharingNamed(record, extensionName);
  const others = sharingOf(record).filter((one) => one !== own);
  if (!othersStay && others.length === 0) return stepsToAbsent([record]);
  return own === undefined || !isWorking(record) ? [] : [{ kind: 'take-off', version: record.version }];
}

function handlerOf({ publisher, type }: GoalExtension): string {
  return `${publisher}/${type}`.toLowerCase();
}
