/** HAProxy of Debian in front of a control plane: it ends TLS and passes on over a Unix socket, as docs/how-to/run-behind-a-proxy.md says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endWithWorker } from '@sallyport/testkit';
import { isInstalled } from '../../tooling/system-packages.ts';

export interface TlsProxy {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface TlsProxyOptions {
  /** A folder of its own, which is made. */
  readonly folder: string;
  readonly port: number;
  /** The socket of the control plane. */
  readonly socket: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly mostConnections: number;
}

/** Whether Debian's package haproxy is there. */
export function hasTlsProxy(): boolean {
  return isInstalled('haproxy');
}

/** Starts it and waits until it listens. Throws when it ends instead. */
export async function startTlsProxy(options: TlsProxyOptions): Promise<TlsProxy> {
  const { folder, port, socket, certificatePem, keyPem, mostConnections } = options;
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, 'certificate-and-key.pem');
  writeFileSync(bundle, `${certificatePem}\n${keyPem}`, { mode: 0o600 });
  const configuration = join(folder, 'haproxy.cfg');
  writeFileSync(
    configuration,
    `global
  maxconn ${mostConnections}
  ssl-default-bind-options ssl-min-ver TLSv1.2
  tune.bufsize 16384
defaults
  mode http
  timeout connect 5s
  timeout client 330s
  timeout server 330s
  timeout tunnel 330s
  timeout http-keep-alive 75s
  option forwardfor
  option http-keep-alive
frontend sallyport
  bind 127.0.0.1:${port} ssl crt ${bundle} alpn http/1.1
  default_backend control-plane
backend control-plane
  http-reuse safe
  server control-plane unix@${socket}
`,
  );
  const child = spawn('haproxy', ['-db', '-f', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithWorker(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'exit');
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`haproxy ended at once:\n${said}`);
    await pause(50);
  }
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Whether somebody accepts connections on a port of this machine. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
