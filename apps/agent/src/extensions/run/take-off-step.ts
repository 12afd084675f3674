/** One of several extensions of a shared handler goes; the handler and the others stay (handler contract §5). */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isFileOfExtension } from '@sallyport/handler-contract';
import type { HandlerVersion } from '@sallyport/model';
import { handlerPaths } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { isNamed, sharingNamed, sharingOf } from '../plan/shared-handler.ts';
import { extensionStateFile } from '../state/handler-state.ts';
import { putRecord } from '../state/put-record.ts';
import { requireRecord } from '../state/require-record.ts';
import { callHandler } from './handler-call.ts';
import { forgetSettings } from './kept-settings.ts';

/**
 * Its disable command; that it fails is only logged. Then its settings, its status, and its part of the record. From the moment
 * that any of it is deleted it is recorded as leaving: nobody enables it again without its settings (T84).
 */
export async function takeOff(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, entry } = context;
  let before = requireRecord(version, context);
  const own = sharingNamed(before, entry.extensionName ?? entry.resourceName);
  if (own === undefined) return;
  if (before.phase === 'enabled' && own.leaving !== true) {
    const { failure } = await callHandler(version, { command: 'disable' }, context, own);
    if (failure !== undefined) {
      host.log('warn', 'disable command failed; the extension is taken off its handler all the same', {
        operation: entry.operationId,
        error: failure.message,
      });
    }
    before = requireRecord(version, context);
  }
  const others = sharingOf(before).filter((one) => !isNamed(one, own.extensionName));
  putRecord(host, { ...before, sharing: [...others, { ...own, leaving: true }] });
  const { config, status } = handlerPaths(host.paths, before.name, version);
  for (const folder of [config, status]) {
    for (const file of readdirSync(folder)) {
      if (isFileOfExtension(file, own.extensionName)) rmSync(join(folder, file), { force: true });
    }
  }
  rmSync(join(config, extensionStateFile(own.extensionName)), { force: true });
  forgetSettings(host.paths, { ...before, extensionName: own.extensionName });
  putRecord(host, { ...before, sharing: others, phase: others.length > 0 ? before.phase : 'installed' });
}
