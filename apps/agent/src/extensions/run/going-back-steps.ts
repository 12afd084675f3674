/** The steps by which a version comes back after the upgrade from it has failed (T85). */
import { existsSync, renameSync } from 'node:fs';
import { OperationFailure, formatExtensionName, type HandlerVersion } from '@sallyport/model';
import { syncDirectory } from '@sallyport/durable-files';
import { handlerPaths } from '../handler-paths.ts';
import { endLeftovers } from '../limits/end-leftovers.ts';
import type { OperationContext } from '../operation-context.ts';
import { sharersToStop } from '../plan/shared-handler.ts';
import { wayBack } from '../plan/steps-back.ts';
import { endOfFailedUpgrade } from '../report/failed-upgrade.ts';
import { putRecord } from '../state/put-record.ts';
import { recordsOf, requireRecord } from '../state/require-record.ts';
import { discardTree, keptTree } from '../unpack/staging.ts';
import { callHandler } from './handler-call.ts';

/** What it left running first (T44), then its files, out of sight in one step; the record last. Twice does no harm. */
export async function setAside(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host } = context;
  const record = requireRecord(version, context);
  const { directory } = handlerPaths(host.paths, record.name, version);
  await endLeftovers(host, { name: record.name, version, directory });
  const aside = keptTree(host.paths, record.name, version);
  if (existsSync(directory)) {
    discardTree(host.paths, host.environment, aside);
    renameSync(directory, aside);
  }
  // After a loss of power they may be in their old place: whoever looks for them looks there too.
  putRecord(host, { ...record, phase: 'kept' });
}

/** The other way round. */
export function bringBack(version: HandlerVersion, context: OperationContext): void {
  const { host } = context;
  const record = requireRecord(version, context);
  const { directory } = handlerPaths(host.paths, record.name, version);
  const aside = keptTree(host.paths, record.name, version);
  if (existsSync(aside)) {
    discardTree(host.paths, host.environment, directory);
    renameSync(aside, directory);
    syncDirectory(host.paths.handlers);
  } else if (!existsSync(directory)) {
    const what = `${formatExtensionName(record.name)} ${version}`;
    throw new OperationFailure('InternalError', `The files of ${what}, kept in ${aside}, are gone.`);
  }
  putRecord(host, { ...record, phase: 'uninstalled' });
}

/** A failed version may well fail to stop. That is logged, and its uninstall command is run all the same. */
export async function disableFailed(version: HandlerVersion, context: OperationContext): Promise<void> {
  for (const one of sharersToStop(requireRecord(version, context))) {
    const { failure } = await callHandler(version, { command: 'disable' }, context, one);
    if (failure === undefined) continue;
    context.host.log('warn', 'disable command failed; the version is taken off all the same', {
      operation: context.entry.operationId,
      error: failure.message,
    });
  }
  putRecord(context.host, { ...requireRecord(version, context), phase: 'installed' });
}

/** Why the upgrade failed, and what runs now. */
export function conclude(version: HandlerVersion, context: OperationContext): void {
  const failed = requireRecord(version, context);
  const end = endOfFailedUpgrade(failed, wayBack(failed, recordsOf(context)));
  if (end !== undefined) context.tellEnd(end);
}
