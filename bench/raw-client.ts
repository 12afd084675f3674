/** HTTPS connections that send one request over and over, each as soon as the last is answered: the least a client can cost. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

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

/** Connects to this machine. */
export async function openRawConnection(port: number, ca: string): Promise<RawConnection> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  let received = '';
  let settle: ((status: number) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    const status = wholeAnswer(received);
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

/** The status once all of the answer is there. */
function wholeAnswer(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = /content-length: (\d+)/.exec(head)?.[1];
  const isWhole = length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
  return isWhole ? Number(head.slice(9, 12)) : undefined;
}
