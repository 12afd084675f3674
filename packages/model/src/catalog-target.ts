/** How a package is named in the signed catalog, as a TUF target, and in storage (T26). */
import { extensionKey, type ExtensionName } from './extension-name.ts';
import type { HandlerVersion } from './handler-version.ts';

/** `publisher/type/version.zip` in lower case: the path a publisher's delegation is limited to. */
export function catalogTargetPath(name: ExtensionName, version: HandlerVersion): string {
  return `${extensionKey(name)}/${version}.zip`;
}

/** The pattern that limits a publisher's delegated role to its own names (T27). TUF's `*` does not cross a slash. */
export function publisherTargetPattern(publisher: string): string {
  return `${publisher.toLowerCase()}/*/*`;
}

/**
 * Where storage keeps a package: content-addressed, so hosts and mirrors may change at will (S1.4).
 * `sha256` is lower-case hex.
 */
export function packageBlobName(sha256: string): string {
  return `${sha256}.zip`;
}
