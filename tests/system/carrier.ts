/**
 * Everything between a machine and the control plane, in one hand: it ends TLS with a certificate of its own, writes down every
 * request and may change what it carries. What a proxy, a mirror or a captured storage could do (T20, T25).
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, request as send, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { carryChannel, type Hand } from './carried-channel.ts';

export interface Carrier {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** PEM of the authority that vouches for it. */
  readonly authority: string;
  /** `METHOD /path` of every request so far. */
  readonly requests: string[];
  /** Bytes of answers' bodies that were carried, by path. */
  readonly carried: Map<string, number>;
  /** Changes what catalog and package requests are answered with; undefined carries faithfully. */
  tamper: ((path: string, body: Buffer) => Buffer) | undefined;
  /** Answers by itself instead of carrying; undefined carries. */
  instead: ((path: string) => Buffer | undefined) | undefined;
  /** What is never answered: a carrier that only holds out. */
  silent: ((path: string) => boolean) | undefined;
  /** What becomes of a request for a channel: carried with all that goes over it, cut, or granted and nothing passed on. */
  channels: 'carried' | 'refused' | 'cut' | 'swallowed';
  /** Cuts the channels that are open. */
  cutChannels(): void;
  /** Where requests go from now on. */
  forwardTo(target: { readonly endpoint: string; readonly authority: string }): void;
  close(): Promise<void>;
}

export async function startCarrier(): Promise<Carrier> {
  const now = Date.now();
  const authority = await createAuthority('Carrier in the middle', now);
  const certificate = await issueServerCertificate(authority, ['127.0.0.1', 'localhost'], now);
  let target: { readonly endpoint: string; readonly authority: string } | undefined;
  const requests: string[] = [];
  const carried = new Map<string, number>();
  const server: Server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem });
  server.on('request', (incoming, outgoing) => {
    const path = incoming.url ?? '';
    requests.push(`${incoming.method ?? ''} ${path}`);
    if (carrier.silent?.(path) === true) return;
    const own = carrier.instead?.(path);
    if (own !== undefined) {
      // What looks like JSON says so: an agent takes it from nobody who does not (T78).
      const type = own[0] === 0x7b ? { 'content-type': 'application/json' } : {};
      outgoing.writeHead(200, { 'content-length': own.length, ...type });
      outgoing.end(own);
      return;
    }
    if (target === undefined) {
      outgoing.writeHead(503).end();
      return;
    }
    const { host: _ours, ...headers } = incoming.headers;
    const forwarded = send(
      `${target.endpoint}${path}`,
      { method: incoming.method, headers, ca: target.authority },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const whole = Buffer.concat(chunks);
          const changed = carrier.tamper?.(path, whole) ?? whole;
          carried.set(path, (carried.get(path) ?? 0) + changed.length);
          const { 'content-length': _length, 'transfer-encoding': _coding, ...kept } = answer.headers;
          outgoing.writeHead(answer.statusCode ?? 502, { ...kept, 'content-length': changed.length });
          outgoing.end(changed);
        });
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  const hand: Hand = {
    request: (method, path) => {
      requests.push(`${method} ${path}`);
      if (carrier.silent?.(path) === true) return 'kept';
      const own = carrier.instead?.(path);
      return own === undefined ? 'carried' : { answer: own };
    },
    answer: (path, body) => carrier.tamper?.(path, body) ?? body,
  };
  const open = new Set<Duplex>();
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    requests.push(`GET ${incoming.url ?? ''}`);
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    if (carrier.channels === 'cut' || target === undefined) socket.destroy();
    else if (carrier.channels === 'refused')
      socket.end('HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    else if (carrier.channels === 'carried') carryChannel(incoming, socket, target, hand);
    else socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: sallyport-channel\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const carrier: Carrier = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: authority.certificatePem,
    requests,
    carried,
    tamper: undefined,
    instead: undefined,
    silent: undefined,
    channels: 'carried',
    cutChannels: () => {
      for (const socket of open) socket.destroy();
    },
    forwardTo: (to) => {
      target = to;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      carrier.cutChannels();
      await once(server, 'close');
    },
  };
  return carrier;
}
