/** What an extension says of itself in its status file at this moment (handler contract §7), fit to be told. */
import { lstatSync } from 'node:fs';
import {
  handlerDirectoryName,
  parseStatus,
  reportedStatus,
  statusReadLimit,
  truncated,
  type StatusReading,
} from '@sallyport/handler-contract';
import { handlerName, messageOf, OperationFailure, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import type { AgentPaths } from '../../platform/paths.ts';
import { readFileStart } from '../../platform/read-file-start.ts';
import { handlerPaths, statusFile } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { requireRecord } from '../state/require-record.ts';
import { handlerSequence } from './configure-step.ts';
import type { SecretWords } from './secret-words.ts';

export interface ReadStatus {
  readonly reading: StatusReading;
  /** As it is reported, without protected values; undefined for a file that says nothing. */
  readonly status: InstanceStatus | undefined;
}

/** Whose status: a version's, for one sequence, and of one of several extensions of the handler. */
export interface StatusOwner {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
  readonly sequence: number;
  readonly extensionName: string | undefined;
}

/** Reads the status of the goal state's sequence. Throws `StatusInvalid` when what is there is no file that can be read. */
export function readStatus(version: HandlerVersion, context: OperationContext): ReadStatus {
  const { entry } = context;
  const { name, sharing } = requireRecord(version, context);
  const extensionName = sharing === undefined ? undefined : entry.extensionName;
  return readStatusOf({ name, version, sequence: handlerSequence(entry), extensionName }, context);
}

/**
 * What an owner has written since `before` (a {@link statusStamp}), whatever it is; undefined for nothing, for what says nothing, and
 * for what cannot be read: it is told beside a failure, and must not take its place (handler contract §7).
 */
export function saidSince(before: string, owner: StatusOwner, context: OperationContext): InstanceStatus | undefined {
  if (statusStamp(owner, context.host) === before) return undefined;
  try {
    return readStatusOf(owner, context).status;
  } catch {
    return undefined;
  }
}

/** Tells whether the status was written in between. */
export function statusStamp(owner: StatusOwner, { paths }: OperationContext['host']): string {
  try {
    const { ino, size, mtimeNs } = lstatSync(fileOf(owner, paths), { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    // There is none yet.
    return '';
  }
}

function readStatusOf(owner: StatusOwner, { host, findings }: OperationContext): ReadStatus {
  const { sequence } = owner;
  const handler = handlerDirectoryName(handlerName(owner.name), owner.version);
  const reading = parseStatus(textOf(fileOf(owner, host.paths), handler));
  const time = new Date(host.environment.now()).toISOString();
  return { reading, status: withoutSecrets(reportedStatus(reading, { handler, sequence, time }), findings.secrets) };
}

function fileOf({ name, version, sequence, extensionName }: StatusOwner, paths: AgentPaths): string {
  return statusFile(handlerPaths(paths, name, version), sequence, extensionName);
}

/** What an extension says of itself may hold what it was given (S1.7). */
function withoutSecrets(status: InstanceStatus | undefined, secrets: SecretWords): InstanceStatus | undefined {
  if (status === undefined) return undefined;
  // What was cut may have been cut in the middle of one.
  const pieces = status.message.split(truncated);
  const message = pieces.map((piece) => secrets.redact(piece, pieces.length > 1)).join(truncated);
  return { ...status, message };
}

/** Links are not followed, and nothing but a file is read (T57). */
function textOf(path: string, handler: string): string | undefined {
  try {
    return readFileStart(path, statusReadLimit)?.text;
  } catch (error) {
    const message = `We couldn't read any status for ${handler}: ${messageOf(error)}`;
    throw new OperationFailure('StatusInvalid', message, { cause: error });
  }
}
