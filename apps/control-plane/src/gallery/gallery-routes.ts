/** Catalog and packages of the gallery, as they are. Public: what protects them is the publishers' signatures, not the carrier. */
import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseBlobName } from '@sallyport/blob-storage';
import { isCatalogFile } from '@sallyport/catalog';
import { messageOf } from '@sallyport/model';
import type { Context, Hono } from 'hono';
import type { Log } from '../http/log.ts';
import { parseRange } from './byte-range.ts';
import type { PackageStorage } from './package-storage.ts';

const packageForm = /^[0-9a-f]{64}\.zip$/;
const forever = 'public, max-age=31536000, immutable';

/**
 * Adds `/catalog/<file>` and `/packages/<sha256>.zip`, the latter from wherever the packages are kept (S1.5). Names are checked against a
 * form, so no path comes from a request (T32).
 */
export function addGalleryRoutes(
  app: Hono,
  gallery: string | undefined,
  packages: PackageStorage | undefined,
  log: Log,
): void {
  app.get('/catalog/:file', async (c) => {
    const file = c.req.param('file');
    if (gallery === undefined || !isCatalogFile(file)) return notFound();
    const cache = file === 'timestamp.json' ? 'no-cache' : forever;
    const opened = await openFile(join(gallery, 'metadata', file));
    return opened === undefined ? notFound() : serve(c, opened, 'application/json', cache);
  });
  app.get('/packages/:file', async (c) => {
    const file = c.req.param('file');
    const name = packageForm.test(file) ? parseBlobName(file) : undefined;
    if (packages === undefined || name === undefined) return notFound();
    try {
      const blob = await packages.open(name);
      if (blob === undefined) return notFound();
      const read = (start: number, end: number): Readable => {
        const stream = blob.stream({ start, end });
        stream.once('error', (error) => unreadable(error, log));
        return stream;
      };
      return await serve(c, { length: blob.length, read, close: async () => {} }, 'application/zip', forever);
    } catch (error) {
      return unreadable(error, log);
    }
  });
}

/** Something that can be served: read once, or closed. */
interface Served {
  readonly length: number;
  /** From `start` to before `end`. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}

async function openFile(path: string): Promise<Served | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const { size } = await file.stat();
  return {
    length: size,
    read: (start, end) => file.createReadStream({ start, end: end - 1, highWaterMark: 256 * 1024 }),
    close: () => file.close(),
  };
}

async function serve(c: Context, served: Served, type: string, cache: string): Promise<Response> {
  const { length } = served;
  const range = parseRange(c.req.header('range'), length);
  const headers: Record<string, string> = {
    'content-type': type,
    'cache-control': cache,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  };
  if (range === 'unsatisfiable') {
    await served.close();
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${length}` } });
  }
  const { start, end } = range ?? { start: 0, end: length - 1 };
  headers['content-length'] = String(end - start + 1);
  if (range !== undefined) headers['content-range'] = `bytes ${start}-${end}/${length}`;
  const status = range === undefined ? 200 : 206;
  if (c.req.raw.method === 'HEAD' || length === 0) {
    await served.close();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(served.read(start, end + 1)) as ReadableStream<Uint8Array>, { status, headers });
}

function notFound(): Response {
  return Response.json(
    { error: { code: 'NotFound', message: 'There is no such file in the gallery.' } },
    { status: 404 },
  );
}

/** Anybody may ask here, so where packages are kept and what is wrong there stands in the log only. */
function unreadable(error: unknown, log: Log): Response {
  log.error({ msg: 'a package could not be read from storage', reason: messageOf(error) });
  const message = "The package storage cannot be read. The control plane's log says why.";
  return Response.json(
    { error: { code: 'ServiceUnavailable', message } },
    { status: 503, headers: { 'retry-after': '5' } },
  );
}
