/** What is to be named in the catalog. */
import type { ExtensionName, HandlerVersion } from '@sallyport/model';
import type { Architecture, CatalogTarget } from '@sallyport/model/wire';

/** A package to be named in the catalog. Whoever adds it has checked it, and has stored it already. */
export interface NewTarget {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
  readonly operatingSystem: CatalogTarget['operatingSystem'];
  readonly architecture: Architecture;
  /** Whether resources may share its handler; who scanned it; a channel other than `stable`; where it was imported from. */
  readonly supportsMultipleExtensions?: CatalogTarget['supportsMultipleExtensions'];
  /** Whether it needs a network while it is installed (T43). */
  readonly needsNetworkToInstall?: CatalogTarget['needsNetworkToInstall'];
  readonly scan?: CatalogTarget['scan'];
  readonly channel?: CatalogTarget['channel'];
  readonly origin?: CatalogTarget['origin'];
  /** In bytes. */
  readonly length: number;
  /** In lower-case hex. */
  readonly sha256: string;
}
