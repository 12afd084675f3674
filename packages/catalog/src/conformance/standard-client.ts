/** The three things the conformance suite asks of a client, done by the workflow that agents use. */
import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import type { TargetFile } from '@tufjs/models';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { catalogSource, type CatalogSource } from '../client/catalog-source.ts';
import { refreshTrust } from '../client/refresh-trust.ts';
import type { TrustedDirectory } from '../client/trusted-directory.ts';
import type { TrustedStore } from '../client/trusted-store.ts';
import { below, download, fetchOverHttp } from './fetch-over-http.ts';
import { findTarget } from './find-target.ts';
import { pinnedRoot, standardDirectory } from './standard-directory.ts';
import { standardRules } from './standard-rules.ts';

export interface StandardPlace {
  readonly metadataDirectory: string;
  readonly metadataUrl: string;
  readonly now: () => Date;
}

export interface WantedTarget {
  readonly path: string;
  readonly baseUrl: string;
  readonly directory: string;
}

interface Refreshed {
  readonly store: TrustedStore;
  readonly directory: TrustedDirectory;
  readonly source: CatalogSource;
}

/** Updates the trusted metadata. Throws an `OperationFailure` when any part of it cannot be trusted. */
export async function refreshMetadata({ metadataDirectory, metadataUrl, now }: StandardPlace): Promise<Refreshed> {
  const pinned = await pinnedRoot(metadataDirectory);
  const directory = standardDirectory(metadataDirectory, pinned);
  const source = catalogSource(fetchOverHttp(metadataUrl), undefined);
  const floors = await directory.floors();
  const rules = standardRules;
  const { store } = await refreshTrust({ directory, source, pinnedRoot: pinned, floors, now: now(), rules });
  return { store, directory, source };
}

/** Refreshes, finds the target, and fetches it unless exactly it lies there already. Returns where it is. */
export async function downloadTarget(
  place: StandardPlace,
  { path, baseUrl, directory }: WantedTarget,
): Promise<string> {
  const refreshed = await refreshMetadata(place);
  const target = await findTarget(refreshed, refreshed.store, path);
  if (target === undefined) throw new Error(`No role has signed '${path}'.`);
  const file = join(directory, encodeURIComponent(path));
  const there = readIfThere(file);
  if (there !== undefined && (await isTarget(target, there))) return file;
  const bytes = await download(below(baseUrl, pathOf(target, refreshed.store)), target.length);
  if (bytes === 'missing') throw new Error(`The repository does not have '${path}'.`);
  if (bytes === 'too-long' || !(await isTarget(target, bytes))) {
    throw new Error(`What the repository has as '${path}' is not what was signed. It was not kept.`);
  }
  await mkdir(directory, { recursive: true });
  writeDurably(file, bytes, 0o644);
  return file;
}

async function isTarget(target: TargetFile, bytes: Uint8Array): Promise<boolean> {
  return target.verify(Readable.from([bytes])).then(
    () => true,
    () => false,
  );
}

/** With consistent snapshots a target's file name begins with one of its hashes. */
function pathOf(target: TargetFile, store: TrustedStore): string {
  const [hash = ''] = Object.values(target.hashes);
  const { dir, base } = posix.parse(target.path);
  const name = store.root.signed.consistentSnapshot ? `${hash}.${base}` : base;
  return [...dir.split('/').filter((part) => part !== ''), name].map(encodeURIComponent).join('/');
}
