import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { presignedUrl } from './presigned-url.ts';

const day = 24 * 60 * 60;

test("S1.4 the example in Amazon's own description of signed queries comes out as it stands there", async () => {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: 'https://s3.amazonaws.com',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  });
  const object = { Bucket: 'examplebucket', Key: 'test.txt' };
  const url = new URL(await presignedUrl(client, object, day, new Date('2013-05-24T00:00:00Z')));
  expect(url.host + url.pathname).toBe('examplebucket.s3.amazonaws.com/test.txt');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
    'X-Amz-Date': '20130524T000000Z',
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  });
});
