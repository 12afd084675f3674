/** The steps in which one version hands over to another (handler contract §4). What becomes of a failure is decided by the plan. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DisabledExtension } from '@sallyport/handler-contract';
import { compareHandlerVersions, OperationFailure, type HandlerVersion } from '@sallyport/model';
import { handlerPaths } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { sharersToStop } from '../plan/shared-handler.ts';
import { putRecord } from '../state/put-record.ts';
import { requireRecord } from '../state/require-record.ts';
import { carryFile } from './carry-file.ts';
import { callHandler, requireSuccess, type CallResult } from './handler-call.ts';
import { manifestOf } from './handler-manifest-of.ts';

interface Handover {
  readonly version: HandlerVersion;
  readonly before: HandlerVersion;
}

/** The version before stops working. Its failure ends the operation unless the new version's manifest says to go on. */
export async function disableBefore({ version, before }: Handover, context: OperationContext): Promise<void> {
  const disabled: DisabledExtension[] = [];
  let exitCode: number | undefined;
  const old = requireRecord(before, context);
  for (const one of sharersToStop(old)) {
    const result = await callHandler(before, { command: 'disable' }, context, one);
    stopUnlessContinuing(version, result, context);
    exitCode = result.exitCode;
    if (one !== undefined) disabled.push({ extensionName: one.extensionName, exitCode });
  }
  const { disableExitCode: _old, disabledSharing: _too, ...record } = requireRecord(version, context);
  putRecord(context.host, {
    ...record,
    ...(old.sharing === undefined ? {} : { disabledSharing: disabled }),
    ...(exitCode === undefined ? {} : { disableExitCode: exitCode }),
  });
  putRecord(context.host, { ...requireRecord(before, context), phase: 'installed' });
}

/** `mrseq` and the status files go along, so that nothing runs twice and nothing is forgotten. */
export function carryOver({ version, before }: Handover, context: OperationContext): void {
  const { host } = context;
  const from = handlerPaths(host.paths, requireRecord(before, context).name, before);
  const to = handlerPaths(host.paths, requireRecord(version, context).name, version);
  carryFile(join(from.directory, 'mrseq'), join(to.directory, 'mrseq'));
  for (const name of existsSync(from.status) ? readdirSync(from.status) : []) {
    if (name.endsWith('.status')) carryFile(join(from.status, name), join(to.status, name));
  }
}

/** The new version takes over what the other left; when going back to a lower one, the higher one's own command is asked. */
export async function update({ version, before }: Handover, context: OperationContext): Promise<void> {
  const record = requireRecord(version, context);
  const disableExitCode = record.sharing === undefined ? record.disableExitCode : (record.disabledSharing ?? []);
  const downgrade = compareHandlerVersions(version, before) < 0;
  const result = await callHandler(
    downgrade ? before : version,
    { command: 'update', newVersion: version, fromVersion: downgrade ? version : before, disableExitCode },
    context,
  );
  requireSuccess(result, context);
  putRecord(context.host, { ...requireRecord(version, context), phase: 'updated' });
}

export async function uninstallBefore({ version, before }: Handover, context: OperationContext): Promise<void> {
  const result = await callHandler(before, { command: 'uninstall' }, context);
  stopUnlessContinuing(version, result, context);
  putRecord(context.host, { ...requireRecord(version, context), uninstallExitCode: result.exitCode });
  putRecord(context.host, { ...requireRecord(before, context), phase: 'uninstalled' });
}

function stopUnlessContinuing(version: HandlerVersion, result: CallResult, context: OperationContext): void {
  if (result.failure === undefined || manifestOf(version, context).continueOnUpdateFailure) return;
  const { failure: cause } = result;
  const failure = new OperationFailure('HandlerUpdateFailed', `${cause.message}; ContinueOnUpdate: False`, { cause });
  requireSuccess({ ...result, failure }, context);
}
