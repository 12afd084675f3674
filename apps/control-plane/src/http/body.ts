/** Reads a body with a bound (T19, T79): compressed bodies are refused, and reading stops at the first byte too many. */

/** The text of a body, or undefined when it is larger than `limit` bytes, compressed, or not UTF-8. */
export async function readBody(request: Request, limit: number): Promise<string | undefined> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (declared > limit || encoding.toLowerCase() !== 'identity') return undefined;
  if (request.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    // Not UTF-8: the caller answers it as malformed, like any body that cannot be read.
    return undefined;
  }
}
