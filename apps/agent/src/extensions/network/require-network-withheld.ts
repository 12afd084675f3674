/** Asked before a version is brought here and before it takes over: what works is not stopped for one that could not be installed (T43). */
import { compareHandlerVersions } from '@sallyport/model';
import type { OperationContext } from '../operation-context.ts';
import { isWorking } from '../state/installed-extension.ts';
import { recordsOf } from '../state/require-record.ts';
import { cannotWithhold, networkOfCall, type DeclaredVersion } from './network-of-call.ts';

/** Throws `NetworkNotWithheld` when a command that the way to `wanted` needs is to have no network, and this machine cannot see to that. */
export function requireNetworkWithheld(wanted: DeclaredVersion, context: OperationContext): void {
  const { host } = context;
  // Going back to a lower version, the update command is the higher one's.
  const higher = recordsOf(context).filter(
    (record) => isWorking(record) && compareHandlerVersions(record.version, wanted.version) > 0,
  );
  for (const version of [wanted, ...higher]) {
    const failure = cannotWithhold(networkOfCall('update', version, host), version, host);
    if (failure !== undefined) throw failure;
  }
}
