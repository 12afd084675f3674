/** What an extension says of itself in its status file at this moment (handler contract §7), fit to be told. */
import {
  handlerDirectoryName,
  parseStatus,
  reportedStatus,
  statusReadLimit,
  truncated,
  type StatusReading,
} from '@sallyport/handler-contract';
import { handlerName, messageOf, OperationFailure, type HandlerVersion } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
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

/** Reads the status of the goal state's sequence. Throws `StatusInvalid` when what is there is no file that can be read. */
export function readStatus(version: HandlerVersion, context: OperationContext): ReadStatus {
  const { host, entry, findings } = context;
  const record = requireRecord(version, context);
  const handler = handlerDirectoryName(handlerName(record.name), version);
  const sequence = handlerSequence(entry);
  const extensionName = record.sharing === undefined ? undefined : entry.extensionName;
  const file = statusFile(handlerPaths(host.paths, record.name, version), sequence, extensionName);
  const reading = parseStatus(textOf(file, handler));
  const time = new Date(host.environment.now()).toISOString();
  return { reading, status: withoutSecrets(reportedStatus(reading, { handler, sequence, time }), findings.secrets) };
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
