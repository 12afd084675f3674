/**
 * Connections that send one request over and over, each as soon as the last is answered: the least a client can cost. HTTPS, or channels
 * as agents open them (decision 0214).
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { channelProtocol, formatRequest } from '@sallyport/model/channel';

export interface RawConnection {
  /** Sends a request of this many bytes and resolves with the status of its answer. */
  ask(request: Buffer): Promise<number>;
  close(): void;
}

/** A request as bytes. */
export function rawRequest(method: string, path: string, token: string | undefined, body?: unknown): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, 'host: localhost'];
  if (token !== undefined) lines.push(`authorization: Bearer ${token}`);
  if (body !== undefined) lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(text)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

/** The same request over a channel. It has the same number each time, as only one is under way. */
export function rawFrame(body: unknown): Buffer {
  return Buffer.from(formatRequest(1, 'heartbeat', JSON.stringify(body)));
}

/** Connects to this machine. */
export async function openRawConnection(port: number, ca: string): Promise<RawConnection> {
  return rawConnection(await openSocket(port, ca), wholeAnswer);
}

/** Connects to this machine with a channel of the machine whose token that is. */
export async function openRawChannel(port: number, ca: string, vmId: string, token: string): Promise<RawConnection> {
  const socket = await openSocket(port, ca);
  const opening = rawConnection(socket, (text) => (text.endsWith('\r\n\r\n') ? Number(text.slice(9, 12)) : undefined));
  const lines = [
    `GET /agent/v1/machines/${vmId}/channel HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${token}`,
    'connection: upgrade',
    `upgrade: ${channelProtocol}`,
  ];
  const status = await opening.ask(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
  if (status !== 101) throw new Error(`The control plane answered ${status} instead of opening a channel.`);
  socket.removeAllListeners();
  return rawConnection(socket, wholeFrame);
}

/** Connects to a server of this machine that speaks frames from the beginning. */
export async function openRawFrames(port: number, ca: string): Promise<RawConnection> {
  return rawConnection(await openSocket(port, ca), wholeFrame);
}

async function openSocket(port: number, ca: string): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  return socket;
}

/** `statusOf` gives the status once all of an answer is there. */
function rawConnection(socket: TLSSocket, statusOf: (received: string) => number | undefined): RawConnection {
  let received = '';
  let settle: ((status: number) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  socket.on('data', (chunk: string) => {
    received += chunk;
    const status = statusOf(received);
    if (status === undefined) return;
    received = '';
    settle?.(status);
  });
  socket.on('error', (error) => fail?.(error));
  socket.on('close', () => fail?.(new Error('The server closed the connection.')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        settle = resolve;
        fail = reject;
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/** The same for an answer over a channel. */
function wholeFrame(text: string): number | undefined {
  const end = text.indexOf('\n');
  if (end < 0) return undefined;
  const [, status, bytes] = text.slice(0, end).split(' ');
  return text.length >= end + 1 + Number(bytes) ? Number(status) : undefined;
}

/** The status once all of the answer is there. */
function wholeAnswer(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = /content-length: (\d+)/.exec(head)?.[1];
  const isWhole = length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
  return isWhole ? Number(head.slice(9, 12)) : undefined;
}
