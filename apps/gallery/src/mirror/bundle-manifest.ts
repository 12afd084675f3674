/**
 * What a bundle consists of, so that a copy that broke off is told from one that was changed. It proves nothing: whoever changes a file
 * can change this as well. What proves is the catalog inside, as everywhere (T83).
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBlobName } from '@sallyport/blob-storage';
import { isCatalogFile } from '@sallyport/catalog';
import { readIfThere } from '@sallyport/durable-files';
import { messageOf, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { GalleryError } from '../gallery-error.ts';

/** Written last and removed first: a folder without it is no bundle. */
export const manifestFile = 'bundle.json';

const fileSchema = z.strictObject({
  path: z.string().check(z.refine(isBundlePath, 'is not a file of a bundle')),
  length: z.int().check(z.nonnegative()),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** When it was exported, and when its catalog was signed. */
  exported: z.iso.datetime(),
  issued: z.optional(z.string()),
  /** The part of the packages that is in it; all of them when empty. */
  only: z.array(z.string()),
  files: z.array(fileSchema),
});

export type BundleFile = z.infer<typeof fileSchema>;
export type BundleManifest = z.infer<typeof manifestSchema>;

/** `metadata/<file>` or `packages/<sha256>.zip`: never another path (T32). */
function isBundlePath(path: string): boolean {
  const [folder, name = '', ...more] = path.split('/');
  if (more.length > 0) return false;
  return folder === 'metadata' ? isCatalogFile(name) : folder === 'packages' && parseBlobName(name) !== undefined;
}

/** Reads it. Throws `BundleMissing`, `BundleIncomplete`, `BundleDamaged`. */
export function readManifest(folder: string): BundleManifest {
  const bytes = readIfThere(join(folder, manifestFile));
  if (bytes === undefined) {
    throw new GalleryError(
      'BundleMissing',
      `There is no whole bundle in '${folder}', since it has no ${manifestFile}, which is copied last: copy the bundle again, or export it with 'sallyport-gallery bundle export'.`,
    );
  }
  // A medium that was pulled out too early has an empty file, or one that ends in the middle.
  if (!bytes.toString('utf8').endsWith('}\n')) throw incomplete(`${manifestFile} is cut short`);
  try {
    return parseJson(manifestSchema, bytes.toString('utf8'), manifestFile);
  } catch (error) {
    throw damaged(messageOf(error), error);
  }
}

export function writeManifest(manifest: BundleManifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

/** Compares every file of the bundle with its manifest. Throws `BundleIncomplete` or `BundleDamaged`, naming the first that is wrong. */
export async function requireWhole(
  folder: string,
  { files }: BundleManifest,
  progress: (step: string, done: number, total: number) => void,
): Promise<void> {
  const total = files.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  for (const { path, length, sha256 } of files) {
    const handle = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw incomplete(`${path} is missing`);
      throw damaged(`${path} cannot be read: ${messageOf(error)}`, error);
    });
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw damaged(`${path} is not a file`);
      if (found.size < length) throw incomplete(`${path} has ${found.size} of its ${length} bytes`);
      if (found.size > length) throw damaged(`${path} has ${found.size} bytes instead of ${length}`);
      const hash = createHash('sha256');
      for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        done += chunk.length;
        progress('Comparing', done, total);
      }
      if (hash.digest('hex') !== sha256) throw damaged(`${path} is not what was exported`);
    } finally {
      await handle.close();
    }
  }
}

function incomplete(detail: string): GalleryError {
  return new GalleryError(
    'BundleIncomplete',
    `The bundle was not copied to its end: ${detail}. Copy it again; nothing was imported.`,
  );
}

function damaged(detail: string, cause?: unknown): GalleryError {
  return new GalleryError(
    'BundleDamaged',
    `The bundle is damaged: ${detail.replace(/\.$/, '')}. Copy it again, or have it exported again; nothing was imported.`,
    { cause },
  );
}
