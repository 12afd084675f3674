/** What the machine works on of its own accord has no goal state behind it: an entry made from a record takes its place. */
import type { GoalExtension } from '@sallyport/model/wire';
import type { InstalledExtension } from './state/installed-extension.ts';

/** `sequence` is the one that handlers are told. */
export function localEntry(
  record: InstalledExtension,
  change: Pick<GoalExtension, 'desired' | 'operationId' | 'sequence'>,
): GoalExtension {
  return {
    resourceName: record.resourceName,
    publisher: record.name.publisher,
    type: record.name.type,
    version: change.desired === 'absent' ? '' : record.version,
    operationDone: true,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...change,
  };
}
