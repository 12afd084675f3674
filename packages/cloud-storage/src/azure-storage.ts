/**
 * Blobs in a container of Azure Blob Storage. Large ones are staged as blocks, which become a blob in one step once their hash is
 * right. A block's name holds the hash of its bytes, so an upload that broke off goes on with the blocks that are there.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  BlobSASPermissions,
  RestError,
  StorageSharedKeyCredential,
  type BlockBlobClient,
  type ContainerClient,
} from '@azure/storage-blob';
import {
  parseBlobName,
  rangeWithin,
  requireBlobName,
  type BlobName,
  type BlobStorage,
  type StoredBlob,
} from '@sallyport/blob-storage';
import { newHash, requireContent, uploadParts, type UploadPart } from './upload-parts.ts';

export class AzureStorage implements BlobStorage {
  readonly #container: ContainerClient;
  readonly #prefix: string;

  /** `prefix` is '' or text that ends with a slash. */
  constructor(container: ContainerClient, prefix: string) {
    this.#container = container;
    this.#prefix = prefix;
  }

  async put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const blob = this.#blob(name);
    signal?.throwIfAborted();
    const hash = newHash();
    const blocks: string[] = [];
    let there: ReadonlySet<string> | undefined;
    for await (const part of uploadParts(content, hash, signal)) {
      if (part.isLast && blocks.length === 0) {
        requireContent(name, hash);
        await blob.upload(part.bytes, part.bytes.length);
        return;
      }
      there ??= await stagedBlocks(blob);
      const block = blockName(part);
      if (!there.has(block)) await blob.stageBlock(block, part.bytes, part.bytes.length);
      blocks.push(block);
    }
    // Blocks that were staged and never made a blob vanish by themselves after a week.
    requireContent(name, hash);
    await blob.commitBlockList(blocks);
  }

  async open(name: BlobName): Promise<StoredBlob | undefined> {
    const blob = this.#blob(name);
    const found = await blob.getProperties().catch(undefinedWhenMissing);
    if (found === undefined) return undefined;
    const length = found.contentLength ?? 0;
    async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
      if (start === end) return;
      const { readableStreamBody } = await blob.download(start, end - start, { maxRetryRequests: 5 });
      if (readableStreamBody === undefined) throw new Error(`The storage sent nothing of ${name}.`);
      yield* readableStreamBody as AsyncIterable<Uint8Array>;
    }
    return {
      length,
      storedAt: found.lastModified ?? new Date(),
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
    for await (const { name: full } of this.#container.listBlobsFlat({ prefix: this.#prefix })) {
      const name = parseBlobName(full.slice(this.#prefix.length));
      if (name !== undefined) yield name;
    }
  }

  async remove(name: BlobName): Promise<boolean> {
    return (await this.#blob(name).deleteIfExists()).succeeded;
  }

  /** Signed with the account's key. Without one, as with a signature for the whole container, there is none: that one is not handed on. */
  async directUrl(name: BlobName, seconds: number): Promise<string | undefined> {
    const blob = this.#blob(name);
    if (!(blob.credential instanceof StorageSharedKeyCredential)) return undefined;
    return blob.generateSasUrl({
      permissions: BlobSASPermissions.parse('r'),
      expiresOn: new Date(Date.now() + seconds * 1000),
    });
  }

  /** Nothing to do: staged blocks that made no blob are collected by the service after a week. */
  async sweep(): Promise<void> {}

  #blob(name: BlobName): BlockBlobClient {
    return this.#container.getBlockBlobClient(this.#prefix + requireBlobName(name));
  }
}

/** All of one length, as the service wants them: the number and the hash of the bytes. */
function blockName({ number, bytes }: UploadPart): string {
  const hash = createHash('sha256').update(bytes).digest('hex');
  return Buffer.from(`${String(number).padStart(6, '0')}-${hash.slice(0, 40)}`).toString('base64');
}

async function stagedBlocks(blob: BlockBlobClient): Promise<ReadonlySet<string>> {
  const list = await blob.getBlockList('uncommitted').catch(undefinedWhenMissing);
  return new Set((list?.uncommittedBlocks ?? []).map((block) => block.name));
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof RestError && error.statusCode === 404) return undefined;
  throw error;
}
