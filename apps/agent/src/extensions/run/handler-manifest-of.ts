/** The manifest of an installed version, for the steps of an operation. */
import type { HandlerManifest } from '@sallyport/handler-contract';
import type { HandlerVersion } from '@sallyport/model';
import { handlerPaths } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { requireRecord } from '../state/require-record.ts';
import { readManifest } from '../verify/read-manifest.ts';

/** Throws `ManifestMalformed`. */
export function manifestOf(version: HandlerVersion, context: OperationContext): HandlerManifest {
  return readManifest(handlerPaths(context.host.paths, requireRecord(version, context).name, version).directory);
}
