/** Catalog and packages of the gallery folder, as they are. Public: what protects them is the publishers' signatures, not the carrier. */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isCatalogFile } from '@sallyport/catalog';
import type { Context, Hono } from 'hono';
import { parseRange } from './byte-range.ts';

const packageForm = /^[0-9a-f]{64}\.zip$/;

/** Adds `/catalog/<file>` and `/packages/<sha256>.zip`. Names are checked against a form, so no path comes from a request (T32). */
export function addGalleryRoutes(app: Hono, gallery: string | undefined): void {
  app.get('/catalog/:file', (c) => {
    const file = c.req.param('file');
    if (gallery === undefined || !isCatalogFile(file)) return notFound();
    const cache = file === 'timestamp.json' ? 'no-cache' : 'public, max-age=31536000, immutable';
    return serve(c, join(gallery, 'metadata', file), 'application/json', cache);
  });
  app.get('/packages/:file', (c) => {
    const file = c.req.param('file');
    if (gallery === undefined || !packageForm.test(file)) return notFound();
    return serve(c, join(gallery, 'packages', file), 'application/zip', 'public, max-age=31536000, immutable');
  });
}

async function serve(c: Context, path: string, type: string, cache: string): Promise<Response> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return notFound();
    throw error;
  }
  const { size } = await file.stat();
  const range = parseRange(c.req.header('range'), size);
  const headers: Record<string, string> = {
    'content-type': type,
    'cache-control': cache,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  };
  if (range === 'unsatisfiable') {
    await file.close();
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  headers['content-length'] = String(end - start + 1);
  if (range !== undefined) headers['content-range'] = `bytes ${start}-${end}/${size}`;
  const status = range === undefined ? 200 : 206;
  if (c.req.raw.method === 'HEAD' || size === 0) {
    await file.close();
    return new Response(null, { status, headers });
  }
  const stream = createReadStream('', { fd: file, start, end, highWaterMark: 256 * 1024 });
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status, headers });
}

function notFound(): Response {
  return Response.json(
    { error: { code: 'NotFound', message: 'There is no such file in the gallery.' } },
    { status: 404 },
  );
}
