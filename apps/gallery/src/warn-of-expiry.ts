/** Warnings of what expires, on stderr: 90, 30 and 7 days ahead (T29). */
import { expirySentence, type ExpiryWarning } from '@sallyport/catalog';
import { printable, type GalleryContext } from './context.ts';

const tones = { 90: 'Notice', 30: 'Warning', 7: 'URGENT', 0: 'EXPIRED' } as const;

export function warnOfExpiry({ process }: GalleryContext, warnings: readonly ExpiryWarning[]): void {
  for (const warning of warnings) {
    process.stderr.write(
      printable(
        `${tones[warning.level]}: ${expirySentence(warning)}. Bring its keys (--keys, --passphrase-file) and run 'sallyport-gallery refresh'.`,
      ) + '\n',
    );
  }
}
