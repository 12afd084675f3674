/** What others need to hold as many idle TLS clients: mosquitto (MQTT) and nats-server, from Debian, with the same certificate. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepts } from '../../tests/clients/tls-proxy.ts';

export interface PeerServer {
  readonly name: string;
  readonly pid: number;
  /** Opens one client and leaves it open. */
  open(): Promise<TLSSocket>;
  stop(): Promise<void>;
}

interface Certificate {
  readonly ca: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Starts mosquitto. */
export async function startMosquitto(folder: string, port: number, certificate: Certificate): Promise<PeerServer> {
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `certfile ${certificate.certificateFile}`,
    `keyfile ${certificate.keyFile}`,
    'max_connections -1',
    'user root',
    'log_type error',
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', configuration], { stdio: 'ignore' });
  await listening(port, child);
  let number = 0;
  return {
    name: 'mosquitto',
    pid: child.pid ?? 0,
    open: async () => {
      const socket = connect({ host: '127.0.0.1', port, ca: certificate.ca, servername: 'localhost' });
      await once(socket, 'secureConnect');
      number += 1;
      socket.write(mqttConnect(`client-${number}`));
      await once(socket, 'data');
      return socket;
    },
    stop: () => stopped(child),
  };
}

/** Starts nats-server. Its clients speak a line in clear before TLS. */
export async function startNats(folder: string, port: number, certificate: Certificate): Promise<PeerServer> {
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'nats.conf');
  writeFileSync(
    configuration,
    `host: 127.0.0.1\nport: ${port}\nmax_connections: 100000\nping_interval: "1h"\ntls { cert_file: "${certificate.certificateFile}", key_file: "${certificate.keyFile}", timeout: 60 }\n`,
  );
  const child = spawn('nats-server', ['-c', configuration], { stdio: 'ignore' });
  await listening(port, child);
  return {
    name: 'nats-server',
    pid: child.pid ?? 0,
    open: async () => {
      const plain = connectPlain({ host: '127.0.0.1', port });
      await once(plain, 'data');
      plain.removeAllListeners('data');
      const socket = connect({ socket: plain, ca: certificate.ca, servername: 'localhost' });
      await once(socket, 'secureConnect');
      socket.write('CONNECT {"verbose":false,"tls_required":true}\r\nPING\r\n');
      await once(socket, 'data');
      return socket;
    },
    stop: () => stopped(child),
  };
}

/** MQTT 3.1.1 CONNECT, clean session, never to be silent too long. */
function mqttConnect(id: string): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), Buffer.from(value)]);
  const body = Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 0]), text(id)]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at once.`);
    if (await accepts(port)) return;
    await sleep(50);
  }
  throw new Error(`${child.spawnfile} does not listen.`);
}

async function stopped(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}
