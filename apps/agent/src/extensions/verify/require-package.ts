/** What the signed catalog says of the package that is wanted: it is there, and it is for this machine (S1.6, T26). */
import type { Catalog, SignedPackage } from '@sallyport/catalog';
import {
  formatExtensionName,
  OperationFailure,
  sameExtension,
  extensionNameOf,
  type ExtensionName,
  type HandlerVersion,
} from '@sallyport/model';

/** Larger packages are refused whatever the catalog says: 2 GB, as agents have always had it (arc-agent §5.4). */
export const mostPackageBytes = 2 * 1024 * 1024 * 1024;

/** The machine as far as packages depend on it; Node's words. */
export interface Platform {
  readonly operatingSystem: string;
  readonly architecture: string;
}

/** Refreshes the catalog and finds the package. Throws the `OperationFailure` of whatever stands against it. */
export async function requirePackage(
  catalog: Catalog,
  name: ExtensionName,
  version: HandlerVersion,
  platform: Platform,
  signal: AbortSignal,
): Promise<SignedPackage> {
  await catalog.refresh(signal);
  const found = await catalog.find(name, version, signal);
  const what = `${formatExtensionName(name)} ${version}`;
  if (found === undefined) {
    throw new OperationFailure('PackageNotInCatalog', `No publisher has signed a package of ${what}.`);
  }
  const { target } = found;
  if (target.yanked !== undefined) {
    throw new OperationFailure('PackageYanked', `${what} was taken back by its publisher: ${target.yanked.reason}`);
  }
  const signed = extensionNameOf(target.publisher, target.type);
  if (!signed.ok || !sameExtension(signed.name, name) || target.version !== version) {
    throw notForThisMachine(`The catalog describes another package than ${what}.`);
  }
  if (target.operatingSystem !== platform.operatingSystem) {
    throw notForThisMachine(`${what} is for ${target.operatingSystem}; this machine runs ${platform.operatingSystem}.`);
  }
  if (target.architecture !== 'any' && target.architecture !== platform.architecture) {
    throw notForThisMachine(`${what} is for ${target.architecture}; this machine has ${platform.architecture}.`);
  }
  if (found.length > mostPackageBytes) {
    throw new OperationFailure(
      'PackageMalformed',
      `${what} has ${found.length} bytes; at most ${mostPackageBytes} are taken.`,
    );
  }
  return found;
}

function notForThisMachine(message: string): OperationFailure {
  return new OperationFailure('PackageNotForThisMachine', message);
}
