/**
 * Telling mixed states from changed bytes (T22): both are refused, since neither file has the hash that was signed for its place. A file
 * that its role has signed all the same was genuine at another time; then somebody puts states together.
 */
import { Metadata, MetadataKind, type MetaFile } from '@tufjs/models';
import { MixedMetadataError } from './catalog-failure.ts';
import type { TrustedStore } from './trusted-store.ts';

/** Throws what `named` objects to; `MixedMetadataError` instead when `genuine` does not throw. */
export function requireSameState(named: MetaFile, bytes: Buffer, genuine: () => void): void {
  try {
    named.verify(bytes);
  } catch (error) {
    try {
      genuine();
    } catch {
      // Not signed either: the bytes were changed, and that is what the first error says.
      throw error;
    }
    throw new MixedMetadataError('its length or SHA-256 is that of another version', { cause: error });
  }
}

/** Throws unless the snapshot's keys have signed it. */
export function verifySnapshot(store: TrustedStore, bytes: Buffer): void {
  const metadata = Metadata.fromJSON(MetadataKind.Snapshot, JSON.parse(bytes.toString('utf8')));
  store.root.verifyDelegate(MetadataKind.Snapshot, metadata);
}

/** Throws unless the role's keys have signed it. */
export function verifyTargets(store: TrustedStore, bytes: Buffer, role: string, delegator: string): void {
  const metadata = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(bytes.toString('utf8')));
  if (delegator === 'root') store.root.verifyDelegate(role, metadata);
  else store.getRole(delegator)?.verifyDelegate(role, metadata);
}
