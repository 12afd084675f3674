/** A process that opens clients of a peer and holds them. Argument: JSON with the peer's name, port, folder and how many. */
import { readFileSync } from 'node:fs';
import { startMosquitto, startNats } from './idle-peers.ts';
import { footprintOf } from '../process-facts.ts';

interface Held {
  readonly peer: 'mosquitto' | 'nats';
  readonly folder: string;
  readonly port: number;
  readonly count: number;
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const held = JSON.parse(process.argv[2] ?? '') as Held;
const { certificateFile, keyFile } = held;
const certificate = { ca: readFileSync(held.caFile, 'utf8'), certificateFile, keyFile };
const server = await (held.peer === 'nats' ? startNats : startMosquitto)(held.folder, held.port, certificate);
const before = footprintOf(server.pid);
let left = held.count;
await Promise.all(
  Array.from({ length: 50 }, async () => {
    while (left > 0) {
      left -= 1;
      await server.open();
    }
  }),
);
const after = footprintOf(server.pid);
process.stdout.write(
  `${JSON.stringify({ name: server.name, kilobytesEach: ((after.rss - before.rss) * 1024) / held.count })}\n`,
);
await server.stop();
process.exit(0);
