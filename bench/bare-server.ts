/**
 * The least a Node can be: an HTTPS server that answers every request the same, and a TLS server that answers whatever arrives at once with
 * the same frame, in a process of their own. Arguments: certificate file, key file, body of the first, answer of the second.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createFrameServer } from 'node:tls';

const [certificateFile = '', keyFile = '', body = '', frame = ''] = process.argv.slice(2);
const tls = { cert: readFileSync(certificateFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2' } as const;
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
const server = createServer({ ...tls, keepAliveTimeout: 600_000 }, (_request, response) => {
  response.writeHead(200, headers).end(body);
});
const frameServer = createFrameServer(tls, (socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  // What the benchmark sends fits into one record, so that it arrives at once.
  socket.on('data', () => socket.write(frame));
});
const portOf = async (listener: Server): Promise<number> => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port;
};
process.send?.([await portOf(server), await portOf(frameServer)]);
process.once('disconnect', () => process.exit());
