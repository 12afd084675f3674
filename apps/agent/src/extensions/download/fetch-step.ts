/**
 * From a name in the goal state to a verified tree in its place: the catalog first, then the bytes, and only bytes that are
 * what was signed are opened, by a process that can do nothing else (S1.4, S1.6).
 */
import { chmodSync, renameSync, statfsSync } from 'node:fs';
import { syncAhead, type SyncMethod } from '@sallyport/archive/sync-ahead';
import { syncTree } from '@sallyport/archive/sync-tree';
import type { SignedPackage } from '@sallyport/catalog';
import { findManifest } from '@sallyport/handler-contract';
import { extensionNameOf, OperationFailure, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { ensureDirectory } from '../../platform/directory.ts';
import { DurableChanges } from '@sallyport/durable-files';
import { handlerPaths } from '../handler-paths.ts';
import { requireNetworkWithheld } from '../network/require-network-withheld.ts';
import type { OperationContext, Supplies } from '../operation-context.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { discardTree } from '../unpack/staging.ts';
import type { UnpackAnswer } from '../unpack/unpack-request.ts';
import type { Workplace } from '../unpack/workshop.ts';
import { programDigests, type ProgramDigests } from '../verify/program-digests.ts';
import { bringManifestToRoot } from '../verify/read-manifest.ts';
import { requirePackage } from '../verify/require-package.ts';
import { downloadPackage } from './download-package.ts';

/** Leads to a record of phase `placed` and a tree that nobody has run yet. Whatever goes wrong, nothing of the package stays. */
export async function fetchPackage(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, supplies, signal } = context;
  if (supplies === undefined) {
    throw new OperationFailure('InternalError', 'Nothing can be brought onto this machine while it is not connected.');
  }
  context.progress('Downloading');
  const workplace = host.workplaces.take(context.name.publisher);
  try {
    const signed = await findAndDownload(version, context, supplies, workplace.descriptor);
    context.progress('Verifying');
    context.requirePermission();
    const record = { ...freshRecord(canonicalName(signed, context.name), version, context), ...declaration(signed) };
    // That one is to come is written while the package is being opened: neither has to wait for the other.
    const announced = announce(record, context);
    let programs: ProgramDigests;
    try {
      programs = await openWhile(announced.done, (either) => openPackage(workplace, signed, either), signal);
    } catch (error) {
      announced.takeBack();
      throw error;
    }
    await place({ ...record, programs }, workplace.staging, context);
  } finally {
    workplace.close();
  }
}

/** Nothing more is written once it cannot be recorded: a full disk is not filled any further (T45). */
async function openWhile<Opened>(
  announced: Promise<void>,
  open: (signal: AbortSignal) => Promise<Opened>,
  signal: AbortSignal,
): Promise<Opened> {
  const unannounced = new AbortController();
  announced.catch((error: unknown) => unannounced.abort(error));
  const [told, opened] = await Promise.allSettled([announced, open(AbortSignal.any([signal, unannounced.signal]))]);
  if (told.status === 'rejected') throw told.reason;
  if (opened.status === 'rejected') throw opened.reason;
  return opened.value;
}

/** Verified, unpacked and on the disk: only then its programs are looked at (T56). */
async function openPackage(workplace: Workplace, signed: SignedPackage, signal: AbortSignal): Promise<ProgramDigests> {
  const method = await unpack(workplace, signed, signal);
  chmodSync(workplace.staging, 0o755);
  await syncTree(workplace.staging, method);
  return programDigests(workplace.staging);
}

async function findAndDownload(
  version: HandlerVersion,
  context: OperationContext,
  supplies: Supplies,
  descriptor: number,
): Promise<SignedPackage> {
  const { host, entry, signal } = context;
  const platform = { operatingSystem: process.platform, architecture: process.arch };
  const signed = await requirePackage(await supplies.catalog(), context.name, version, platform, signal);
  context.requirePermission();
  requireNetworkWithheld({ name: canonicalName(signed, context.name), version, ...declaration(signed) }, context);
  requireRoom(host.paths.downloads, signed.length);
  const { http, only } = supplies;
  const renew = (): Promise<readonly string[]> => supplies.packageUrls(entry, signal);
  await downloadPackage({ http, only, locations: entry.packageUrls, wanted: signed, descriptor, signal, renew });
  return signed;
}

function declaration({ target }: SignedPackage): Pick<InstalledExtension, 'needsNetworkToInstall'> {
  return target.needsNetworkToInstall === true ? { needsNetworkToInstall: true } : {};
}

/** What of the disk the agent keeps for its own records: no package is brought into the last of it (T45). */
const mostReserve = 64 * 1024 * 1024;
const reservePart = 50;

/** Room for the package and as much again for what is in it; what it really needs shows when it is unpacked. */
function requireRoom(directory: string, length: number): void {
  const { bavail, bsize, blocks } = statfsSync(directory);
  const reserve = Math.min(mostReserve, (blocks * bsize) / reservePart);
  if (bavail * bsize >= 2 * length + reserve) return;
  const message = `There is no room for the package: it has ${length} bytes, and ${bavail * bsize} are free in ${directory}.`;
  throw new OperationFailure('StorageFull', message);
}

/** What is in smaller packages is on the disk before it would pay to begin early. */
const fewestBytesAhead = 8 * 1024 * 1024;

/** Gives how the tree is to be synced, where that is known by then. */
async function unpack(
  workplace: Workplace,
  signed: SignedPackage,
  signal: AbortSignal,
): Promise<SyncMethod | undefined> {
  const { length, sha256 } = signed;
  const ahead = length < fewestBytesAhead ? undefined : syncAhead(workplace.staging);
  let answer: UnpackAnswer;
  let method: SyncMethod | undefined;
  try {
    answer = await workplace.unpack({ length, sha256 }, signal);
  } finally {
    method = await ahead?.stop();
  }
  if (!answer.ok) throw new OperationFailure(answer.code, answer.message);
  bringManifestToRoot(workplace.staging, findManifest(answer.manifests));
  return method;
}

/** The publisher's own spelling names directories, whatever the goal state wrote: extensions look for theirs by name. */
function canonicalName(signed: SignedPackage, asked: ExtensionName): ExtensionName {
  const result = extensionNameOf(signed.target.publisher, signed.target.type);
  return result.ok ? result.name : asked;
}

function freshRecord(
  name: ExtensionName,
  version: HandlerVersion,
  { entry, operation }: OperationContext,
): InstalledExtension {
  return {
    name,
    version,
    resourceName: entry.resourceName,
    phase: 'fetching',
    operation: { id: entry.operationId, kind: operation },
    ...(entry.extensionName === undefined ? {} : { sharing: [] }),
  };
}

/** A crash after it is done leaves a record that says that what lies in its place cannot be relied on. */
function announce(
  record: InstalledExtension,
  { host }: OperationContext,
): { readonly done: Promise<void>; takeBack(): void } {
  const before = host.store.find(record.name, record.version);
  const changes = new DurableChanges();
  host.store.putWith(record, changes);
  return {
    done: changes.commit(),
    takeBack: () => (before === undefined ? host.store.remove(record) : host.store.put(before)),
  };
}

/**
 * Makes the tree, which is durable, visible in one step. It was announced. That it is there may be forgotten by a loss of power until
 * something else is recorded of it: nothing of it has run by then, and it is fetched anew.
 */
async function place(record: InstalledExtension, staging: string, { host }: OperationContext): Promise<void> {
  const { directory } = handlerPaths(host.paths, record.name, record.version);
  discardTree(host.paths, host.environment, directory);
  ensureDirectory(host.paths.handlers, 0o700);
  renameSync(staging, directory);
  const changes = new DurableChanges();
  changes.changedBefore(host.paths.handlers);
  host.store.putWith({ ...record, phase: 'placed' }, changes);
  await changes.commit('soon');
}
