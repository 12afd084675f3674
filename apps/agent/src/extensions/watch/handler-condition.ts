/** How an enabled extension is between operations: its heartbeat first, then what it says of itself (handler contract §7). */
import {
  conditionOf,
  handlerDirectoryName,
  heartbeatReadLimit,
  parseHeartbeat,
  parseStatus,
  reportedStatus,
  statusReadLimit,
  type HandlerCondition,
} from '@sallyport/handler-contract';
import { handlerName, messageOf } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import type { AgentPaths } from '../../platform/paths.ts';
import { readFileStart, type FileStart } from '../../platform/read-file-start.ts';
import { handlerPaths, statusFile } from '../handler-paths.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { readManifest } from '../verify/read-manifest.ts';

/** An enabled extension; one of several of a shared handler with the name it has there. */
export interface WatchedExtension extends InstalledExtension {
  readonly extensionName?: string;
}

/** What there is to look at in a record: the extensions of a shared handler one by one. */
export function watchedIn(record: InstalledExtension): readonly WatchedExtension[] {
  const sharing = record.sharing?.filter(({ leaving }) => leaving !== true);
  return sharing?.map((one) => ({ ...record, ...one })) ?? [record];
}

export interface Condition {
  /** What is told centrally; undefined when nothing is known. */
  readonly status: InstanceStatus | undefined;
  /** What the heartbeat makes of the handler, when it is not well. */
  readonly trouble: HandlerCondition | undefined;
}

/** Looks at the files of one version. `now` in milliseconds since 1970. Throws when its manifest cannot be read. */
export function handlerCondition(extension: WatchedExtension, paths: AgentPaths, now: number): Condition {
  const files = handlerPaths(paths, extension.name, extension.version);
  const time = new Date(now).toISOString();
  if (readManifest(files.directory).reportHeartbeat) {
    const beat = startOf(files.heartbeat, heartbeatReadLimit);
    const trouble = conditionOf(parseHeartbeat(beat?.text, (now - (beat?.changed ?? now)) / 1000));
    if (trouble !== undefined) return { status: statusOfTrouble(trouble, time), trouble };
  }
  const handler = handlerDirectoryName(handlerName(extension.name), extension.version);
  for (const sequence of sequencesOf(extension)) {
    const text = startOf(statusFile(files, sequence, extension.extensionName), statusReadLimit)?.text;
    const reading = parseStatus(text);
    // Half written ones are looked at again next time.
    if (reading.kind !== 'status') continue;
    return { status: reportedStatus(reading, { handler, sequence, time }), trouble: undefined };
  }
  return { status: undefined, trouble: undefined };
}

/** One without settings is called with 0, whatever the goal state's sequence. */
function sequencesOf({ enabledSequence }: InstalledExtension): readonly number[] {
  return enabledSequence === undefined || enabledSequence === 0 ? [0] : [enabledSequence, 0];
}

function statusOfTrouble({ status, message }: HandlerCondition, time: string): InstanceStatus {
  return { code: '-1', level: 'Error', displayStatus: status, message, time };
}

/** A file that is no file is told like content that is none. */
function startOf(path: string, most: number): FileStart | undefined {
  try {
    return readFileStart(path, most);
  } catch (error) {
    return { text: messageOf(error), size: 0, changed: 0 };
  }
}
