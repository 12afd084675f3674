/**
 * A small load balancer: passes TCP connections through, in turns, to whoever says on `/readyz` that it takes requests. What stands in
 * front of replicas does no more than this.
 */
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** The ports behind it from now on. Connections that are there stay. */
  use(ports: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const checkMilliseconds = 100;

/** Listens on a free port, with nobody behind it yet. */
export async function startBalancer(): Promise<Balancer> {
  let ports: readonly number[] = [];
  let ready: readonly number[] = [];
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    turn += 1;
    forward(
      client,
      ready.length === 0 ? [] : [...ready.slice(turn % ready.length), ...ready.slice(0, turn % ready.length)],
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const check = async (): Promise<void> => {
    const answers = await Promise.all(ports.map(async (port) => ({ port, isReady: await isReady(port) })));
    ready = answers.filter(({ isReady }) => isReady).map(({ port }) => port);
  };
  let checking = Promise.resolve();
  let waiting = 0;
  /** One look after the other. On a slow machine a look takes longer than the time between two. */
  const checkNext = async (): Promise<void> => {
    waiting += 1;
    checking = checking.then(check);
    await checking;
    waiting -= 1;
  };
  const timer = setInterval(() => {
    if (waiting === 0) void checkNext();
  }, checkMilliseconds);

  return {
    port: (server.address() as AddressInfo).port,
    use: async (next) => {
      ports = next;
      await checkNext();
    },
    close: async () => {
      clearInterval(timer);
      await checking;
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects to the first that takes the connection. */
function forward(client: Socket, targets: readonly number[]): void {
  const [port, ...others] = targets;
  if (port === undefined) {
    client.destroy();
    return;
  }
  const behind = connect(port, '127.0.0.1');
  let connected = false;
  behind.on('connect', () => {
    connected = true;
    client.pipe(behind).pipe(client);
  });
  behind.on('error', () => (connected ? client.destroy() : forward(client, others)));
  behind.on('close', () => {
    if (connected) client.destroy();
  });
  client.on('close', () => behind.destroy());
}

/** TLS is passed through; for its own question the balancer does not look at the certificate. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false, timeout: 5_000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
