/** What the catalog proves about a package, and the check that it is the package that was asked for (T26). */
import type { TargetFile } from '@tufjs/models';
import {
  catalogTargetPath,
  extensionNameOf,
  OperationFailure,
  parseHandlerVersion,
  type ExtensionName,
  type HandlerVersion,
} from '@sallyport/model';
import { catalogTargetSchema, type CatalogTarget } from '@sallyport/model/wire';

/** A package as its publisher signed it. */
export interface SignedPackage {
  /** `publisher/type/version.zip`, in lower case. */
  readonly path: string;
  /** In bytes. */
  readonly length: number;
  /** In lower-case hex. */
  readonly sha256: string;
  readonly target: CatalogTarget;
}

/**
 * The signed package of a catalog entry. Throws `PackageNotForThisMachine` when the entry describes another package than its path
 * names, or does not describe one at all: a publisher may sign only its own names, and each package only under its own.
 */
export function signedPackage(file: TargetFile): SignedPackage {
  const parsed = catalogTargetSchema.safeParse(file.custom);
  const sha256 = file.hashes['sha256'];
  if (!parsed.success || sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(file.length)) {
    throw notThisPackage(`The catalog entry '${file.path}' does not describe a package.`);
  }
  if (describedPath(parsed.data) !== file.path) {
    const { publisher, type, version } = parsed.data;
    throw notThisPackage(
      `The catalog entry '${file.path}' describes another package: ${publisher}/${type} ${version}.`,
    );
  }
  return { path: file.path, length: file.length, sha256, target: parsed.data };
}

/** The path a package is to be found under. */
export function packagePath(name: ExtensionName, version: HandlerVersion): string {
  return catalogTargetPath(name, version);
}

function describedPath(target: CatalogTarget): string | undefined {
  const result = extensionNameOf(target.publisher, target.type);
  const version = parseHandlerVersion(target.version);
  return result.ok && version !== undefined ? catalogTargetPath(result.name, version) : undefined;
}

function notThisPackage(message: string): OperationFailure {
  return new OperationFailure('PackageNotForThisMachine', message);
}
