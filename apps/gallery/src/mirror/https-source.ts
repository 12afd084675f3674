/**
 * A gallery as a control plane serves it: `/catalog/<file>` and `/packages/<sha256>.zip`. Bounded in size and time; redirects are not
 * followed (T23, T24). A package that breaks off goes on where it was.
 */
import { once } from 'node:events';
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { getCACertificates } from 'node:tls';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import { sourceLacks, type GallerySource } from './gallery-source.ts';

const metadataMilliseconds = 60_000;
/** A minute to begin with, and then no slower than this. Bytes a second. */
const leastBytesPerSecond = 16 * 1024;
/** Longest silence between two pieces, in milliseconds. */
const longestSilence = 30_000;
const mostResumptions = 8;

/** `authority` is PEM that vouches for it besides those of the system. */
export function httpsSource(base: URL, authority: string | undefined): GallerySource {
  const proxyEnv = process.env;
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({
        keepAlive: true,
        minVersion: 'TLSv1.2',
        proxyEnv,
        ...(authority === undefined ? {} : { ca: [...getCACertificates('default'), authority] }),
      })
    : new HttpAgent({ keepAlive: true, proxyEnv });

  async function ask(
    path: string,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    const url = new URL(path, `${base.origin}/`);
    const sending = (secure ? requestHttps : requestHttp)(url, { agent, signal, headers });
    sending.end();
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    answer.setTimeout(longestSilence, () => answer.destroy(new Error(`nothing came for ${longestSilence / 1000} s`)));
    return answer;
  }

  return {
    name: base.origin,
    async fetch(file, maxLength, signal) {
      const limit = AbortSignal.timeout(metadataMilliseconds);
      const answer = await ask(
        `catalog/${encodeURIComponent(file)}`,
        signal === undefined ? limit : AbortSignal.any([limit, signal]),
      );
      if (answer.statusCode === 404) return answer.resume() && 'missing';
      if (answer.statusCode !== 200) throw new Error(`${base.host} answered HTTP ${String(answer.statusCode)}`);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > maxLength) return 'too-long';
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    async open(name, length) {
      const signal = AbortSignal.timeout(60_000 + Math.ceil((length / leastBytesPerSecond) * 1000));
      const first = await ask(`packages/${name}`, signal).catch(failed);
      if (first.statusCode === 404) throw sourceLacks(base.origin, name);
      return pieces(first, (from) => ask(`packages/${name}`, signal, { range: `bytes=${from}-` }));
    },
    close: () => agent.destroy(),
  };
}

async function* pieces(
  first: IncomingMessage,
  goOn: (from: number) => Promise<IncomingMessage>,
): AsyncGenerator<Uint8Array> {
  let from = 0;
  let answer = first;
  for (let again = 0; ; again += 1) {
    if (answer.statusCode !== (from === 0 ? 200 : 206)) throw unavailable(`HTTP ${String(answer.statusCode)}`);
    const begun = from;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        from += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (error instanceof GalleryError || from === begun || again >= mostResumptions) failed(error);
      answer = await goOn(from).catch(failed);
    }
  }
}

function failed(error: unknown): never {
  if (error instanceof GalleryError) throw error;
  throw unavailable(messageOf(error), error);
}

function unavailable(detail: string, cause?: unknown): GalleryError {
  return new GalleryError('SourceUnavailable', `The package could not be fetched from the source: ${detail}.`, {
    cause,
  });
}
