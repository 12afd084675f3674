/** The least a Node can be: an HTTPS server that answers every request the same, in a process of its own. Arguments: certificate file, key file, body. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

const [certificateFile = '', keyFile = '', body = ''] = process.argv.slice(2);
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
const server = createServer(
  { cert: readFileSync(certificateFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2', keepAliveTimeout: 600_000 },
  (_request, response) => {
    response.writeHead(200, headers).end(body);
  },
);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
