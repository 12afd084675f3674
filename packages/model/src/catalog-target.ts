/** How a package is named and described in the signed catalog: a TUF target and its custom metadata (T26). */
import * as z from 'zod/mini';
import { extensionKey, type ExtensionName } from './extension-name.ts';
import type { HandlerVersion } from './handler-version.ts';

/** `linux` or `windows`; the agent here runs Linux packages only. */
export const operatingSystemSchema = z.enum(['linux', 'windows']);
/** `any` for packages without native code. Otherwise Node's words for processor architectures. */
export const architectureSchema = z.enum(['any', 'x64', 'arm64']);

/** What the catalog says of a package beside its length and hash. Bound by the publisher's signature. */
export const catalogTargetSchema = z.object({
  publisher: z.string(),
  type: z.string(),
  version: z.string(),
  operatingSystem: operatingSystemSchema,
  architecture: architectureSchema,
});
export type CatalogTarget = z.infer<typeof catalogTargetSchema>;
export type Architecture = z.infer<typeof architectureSchema>;

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
