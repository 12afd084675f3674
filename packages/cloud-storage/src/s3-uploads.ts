/** Uploads in parts that broke off. Servers that cannot list them have none to take up again. */
import { ListMultipartUploadsCommand, ListPartsCommand, S3ServiceException } from '@aws-sdk/client-s3';
import type { S3Place } from './s3-storage.ts';

export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  readonly begun: Date;
}

/** Unfinished uploads of names that begin like that, newest first. */
export async function uploadsOf({ client, bucket, prefix }: S3Place, name: string): Promise<UnfinishedUpload[]> {
  const found: UnfinishedUpload[] = [];
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  do {
    const page = await client
      .send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          Prefix: prefix + name,
          ...(KeyMarker && { KeyMarker }),
          ...(UploadIdMarker && { UploadIdMarker }),
        }),
      )
      .catch(undefinedWhenNotImplemented);
    for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
      if (Key !== undefined && UploadId !== undefined) {
        found.push({ key: Key, id: UploadId, begun: Initiated ?? new Date(0) });
      }
    }
    KeyMarker = page?.IsTruncated === true ? page.NextKeyMarker : undefined;
    UploadIdMarker = page?.IsTruncated === true ? page.NextUploadIdMarker : undefined;
  } while (KeyMarker !== undefined);
  return found.sort((a, b) => b.begun.getTime() - a.begun.getTime());
}

/** The tags of the parts of an upload, by number. */
export async function partsOf({ client, bucket }: S3Place, key: string, id: string): Promise<Map<number, string>> {
  const parts = new Map<number, string>();
  let PartNumberMarker: string | undefined;
  do {
    const page = await client.send(
      new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: id, ...(PartNumberMarker && { PartNumberMarker }) }),
    );
    for (const { PartNumber, ETag } of page.Parts ?? []) {
      if (PartNumber !== undefined && ETag !== undefined) parts.set(PartNumber, ETag);
    }
    PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  return parts;
}

function undefinedWhenNotImplemented(error: unknown): undefined {
  if (error instanceof S3ServiceException && [405, 501].includes(error.$metadata.httpStatusCode ?? 0)) return undefined;
  throw error;
}
