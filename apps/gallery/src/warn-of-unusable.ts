import type { CatalogCopy } from '@sallyport/catalog';
import { printable, type GalleryContext } from './context.ts';

/** Says on stderr which publishers' signatures do not hold now: clients are told the same. */
export function warnOfUnusable(context: GalleryContext, unusable: CatalogCopy['unusable']): void {
  for (const { publisher, failure } of unusable) {
    context.process.stderr.write(
      printable(`Without the packages of ${publisher}: ${failure.code}: ${failure.message}`) + '\n',
    );
  }
}
