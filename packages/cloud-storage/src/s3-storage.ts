/**
 * Blobs in a bucket of S3, or of anything that speaks its protocol. Large ones are uploaded in parts, which become an object in one
 * step once their hash is right; an upload that broke off is found again and only its missing parts are sent.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  parseBlobName,
  rangeWithin,
  requireBlobName,
  type BlobName,
  type BlobStorage,
  type StoredBlob,
} from '@sallyport/blob-storage';
import { presignedUrl } from './presigned-url.ts';
import { partsOf, uploadsOf } from './s3-uploads.ts';
import { newHash, requireContent, uploadParts, type UploadPart } from './upload-parts.ts';

export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  /** Before every name: '' or text that ends with a slash. */
  readonly prefix: string;
}

export class S3Storage implements BlobStorage {
  readonly #place: S3Place;

  constructor(place: S3Place) {
    this.#place = place;
  }

  async put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const { client } = this.#place;
    const object = this.#object(name);
    signal?.throwIfAborted();
    const hash = newHash();
    let upload: Upload | undefined;
    for await (const part of uploadParts(content, hash, signal)) {
      if (part.isLast && upload === undefined) {
        requireContent(name, hash);
        await client.send(new PutObjectCommand({ ...object, Body: part.bytes }));
        return;
      }
      upload ??= await this.#takeUp(object.Key);
      upload.done.push(await this.#send(object, upload, part));
    }
    if (upload === undefined) throw new Error('content has at least one part');
    try {
      requireContent(name, hash);
    } catch (error) {
      await this.#discard(object, upload.id);
      throw error;
    }
    await this.#complete(name, object, upload);
  }

  async open(name: BlobName): Promise<StoredBlob | undefined> {
    const { client } = this.#place;
    const object = this.#object(name);
    const head = await client.send(new HeadObjectCommand(object)).catch(undefinedWhenMissing);
    if (head === undefined) return undefined;
    const length = head.ContentLength ?? 0;
    async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
      if (start === end) return;
      const answer = await client.send(new GetObjectCommand({ ...object, Range: `bytes=${start}-${end - 1}` }));
      if (!(answer.Body instanceof Readable)) throw new Error(`The storage sent nothing of ${name}.`);
      yield* answer.Body as AsyncIterable<Uint8Array>;
    }
    return {
      length,
      storedAt: head.LastModified ?? new Date(),
      stream(range) {
        const { start, end } = rangeWithin(length, range);
        return Readable.from(read(start, end), { objectMode: false });
      },
    };
  }

  async has(name: BlobName): Promise<boolean> {
    return (await this.open(name)) !== undefined;
  }

  async *list(): AsyncIterable<BlobName> {
    const { client, bucket, prefix } = this.#place;
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }),
      );
      for (const { Key = '' } of page.Contents ?? []) {
        const name = parseBlobName(Key.slice(prefix.length));
        if (name !== undefined) yield name;
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async remove(name: BlobName): Promise<boolean> {
    if (!(await this.has(name))) return false;
    await this.#place.client.send(new DeleteObjectCommand(this.#object(name)));
    return true;
  }

  async directUrl(name: BlobName, seconds: number): Promise<string> {
    return presignedUrl(this.#place.client, this.#object(name), seconds);
  }

  async sweep(before: Date): Promise<void> {
    for (const { key, id, begun } of await uploadsOf(this.#place, '')) {
      if (begun >= before) continue;
      const object = { Bucket: this.#place.bucket, Key: key };
      await this.#place.client.send(new AbortMultipartUploadCommand({ ...object, UploadId: id }));
    }
  }

  #object(name: BlobName): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + requireBlobName(name) };
  }

  /** The newest upload of that key that broke off, or a new one. */
  async #takeUp(key: string): Promise<Upload> {
    const [left] = await uploadsOf(this.#place, key.slice(this.#place.prefix.length));
    if (left !== undefined) return { id: left.id, there: await partsOf(this.#place, key, left.id), done: [] };
    const made = await this.#place.client.send(
      new CreateMultipartUploadCommand({ Bucket: this.#place.bucket, Key: key }),
    );
    if (made.UploadId === undefined) throw new Error('The storage did not begin the upload.');
    return { id: made.UploadId, there: new Map(), done: [] };
  }

  async #send(object: { Bucket: string; Key: string }, upload: Upload, part: UploadPart): Promise<CompletedPart> {
    // The tag of a part is the MD5 of its bytes. It only saves sending them again; what counts is the SHA-256 that clients check.
    const tag = `"${createHash('md5').update(part.bytes).digest('hex')}"`;
    if (upload.there.get(part.number) === tag) return { PartNumber: part.number, ETag: tag };
    const sent = await this.#place.client.send(
      new UploadPartCommand({ ...object, UploadId: upload.id, PartNumber: part.number, Body: part.bytes }),
    );
    if (sent.ETag === undefined) throw new Error('The storage did not name the part that it took.');
    return { PartNumber: part.number, ETag: sent.ETag };
  }

  async #complete(name: BlobName, object: { Bucket: string; Key: string }, upload: Upload): Promise<void> {
    try {
      const MultipartUpload = { Parts: [...upload.done] };
      await this.#place.client.send(
        new CompleteMultipartUploadCommand({ ...object, UploadId: upload.id, MultipartUpload }),
      );
    } catch (error) {
      // Another process took up the same upload and was first: then the blob is there.
      if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchUpload' || !(await this.has(name)))
        throw error;
    }
  }

  async #discard(object: { Bucket: string; Key: string }, id: string): Promise<void> {
    try {
      await this.#place.client.send(new AbortMultipartUploadCommand({ ...object, UploadId: id }));
    } catch (error) {
      // Servers that cannot do it keep invisible parts; the reason why the content was refused is the one to tell.
      if (!(error instanceof S3ServiceException)) throw error;
    }
  }
}

interface Upload {
  readonly id: string;
  /** Tags of the parts that are there, by number. */
  readonly there: ReadonlyMap<number, string>;
  readonly done: CompletedPart[];
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
  throw error;
}
