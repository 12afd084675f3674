/** Stops what the manager hosts of a version, when the administrator disables the manager (S4.11). */
import type { HandlerVersion } from '@sallyport/model';
import { handlerPaths } from '../handler-paths.ts';
import { endLeftovers } from '../limits/end-leftovers.ts';
import type { OperationContext } from '../operation-context.ts';
import { sharersToStop } from '../plan/shared-handler.ts';
import { putRecord } from '../state/put-record.ts';
import { requireRecord } from '../state/require-record.ts';
import { callHandler } from './handler-call.ts';

/** Recorded first: what is stopped half way when the agent is killed has lost its processes, and has to come back as well (T84). */
export async function suspend(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host } = context;
  const record = { ...requireRecord(version, context), suspended: true };
  putRecord(host, record);
  for (const one of sharersToStop(record)) {
    const { failure } = await callHandler(version, { command: 'disable' }, context, one);
    if (failure === undefined) continue;
    host.log('warn', 'disable command failed; the processes are ended all the same', { error: failure.message });
  }
  const { directory } = handlerPaths(host.paths, record.name, version);
  await endLeftovers(host, { name: record.name, version, directory });
  const { comeback: _over, ...stopped } = requireRecord(version, context);
  putRecord(host, { ...stopped, phase: 'installed' });
}
