/** What is to be named in the catalog. */
import type { Architecture, CatalogTarget, ExtensionName, HandlerVersion } from '@sallyport/model';

/** A package to be named in the catalog. Whoever adds it has checked it, and has stored it already. */
export interface NewTarget {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
  readonly operatingSystem: CatalogTarget['operatingSystem'];
  readonly architecture: Architecture;
  /** In bytes. */
  readonly length: number;
  /** In lower-case hex. */
  readonly sha256: string;
}
