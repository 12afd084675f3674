/** A URL of S3 that is good for a while: the request that the SDK would send, signed in its query instead of its headers. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';

export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}

const payloadHeader = 'x-amz-content-sha256';

/** Nothing is asked of the storage; credentials are those of the client. */
export async function presignedUrl(
  client: S3Client,
  object: S3Object,
  seconds: number,
  signingDate = new Date(),
): Promise<string> {
  const { protocol, hostname, port, path } = await requestFor(client, object);
  const { credentials, region, sha256 } = client.config;
  const signer = new SignatureV4({ service: 's3', credentials, region, sha256, uriEscapePath: false });
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  // Only the host is signed besides the path: whoever has the URL adds headers of its own, a range above all.
  const headers = { host, [payloadHeader]: 'UNSIGNED-PAYLOAD' };
  const request = new HttpRequest({ method: 'GET', protocol, hostname, ...(port && { port }), path, headers });
  const unsigned = new Set([payloadHeader]);
  const { query } = await signer.presign(request, {
    signingDate,
    expiresIn: seconds,
    unsignableHeaders: unsigned,
    unhoistableHeaders: unsigned,
  });
  const words = Object.entries(query ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`] : [],
  );
  return `${protocol}//${host}${path}?${words.join('&')}`;
}

/** What the SDK would send, taken from it before it is sent: it knows how buckets become hosts or paths. */
async function requestFor(client: S3Client, object: S3Object): Promise<HttpRequest> {
  const command = new GetObjectCommand(object);
  let prepared: HttpRequest | undefined;
  command.middlewareStack.add(
    () => async (call) => {
      if (HttpRequest.isInstance(call.request)) prepared = call.request;
      return { response: undefined, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'takeRequest' },
  );
  await client.send(command);
  if (prepared === undefined) throw new Error('The S3 library made no request.');
  return prepared;
}
