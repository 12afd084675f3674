/** Scanning a package that is to be published, and what the catalog says about it afterwards. */
import type { FileHandle } from 'node:fs/promises';
import type { CatalogTarget } from '@sallyport/model/wire';
import { openScanner } from './open-scanner.ts';
import type { ScanPolicy } from './scan-policy.ts';

/** Signed with the package: who scanned it and when; `none` when nobody did. */
export type ScanRecord = NonNullable<CatalogTarget['scan']>;

/** Throws what found malware, or kept the package from being scanned; then it is not to be published (S1.2). */
export async function scanPackage(
  handle: FileHandle,
  policy: ScanPolicy,
  now: () => Date,
  seen: (bytes: number) => void,
): Promise<ScanRecord> {
  if (policy.scanner === 'none') return { by: 'none' };
  const scanner = await openScanner(policy, now());
  try {
    await scanner.scan(counted(handle, seen));
    return { by: scanner.name.slice(0, 200), at: `${now().toISOString().slice(0, 19)}Z` };
  } finally {
    await scanner.close();
  }
}

async function* counted(handle: FileHandle, seen: (bytes: number) => void): AsyncGenerator<Buffer> {
  let total = 0;
  const stream = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    seen(total);
    yield chunk;
  }
}
