/**
 * A real PostgreSQL server of Debian's package for tests: in a folder of its own, on a Unix socket, as a user without rights. It forces
 * nothing to disk, and its texts sort as English does, so that whatever relies on the order of bytes has to say so.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithWorker } from './end-with-worker.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface PostgresServer {
  /** The directory of its socket. */
  readonly socket: string;
  /** Makes an empty database, or a copy of another one, and returns its address as a URL. */
  database(template?: string): string;
  /** The address of a database that was made by other means. */
  urlOf(database: string): string;
  /** Runs SQL in a database of {@link database}, by its URL; returns what comes out, a line for each row. */
  run(url: string, sql: string): readonly string[];
  /** Ends it at once, as a fail-over does, and keeps its data. */
  halt(): Promise<void>;
  /** Starts it again after {@link halt}. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Settings of `postgresql.conf` besides, as `name=value`. */
  readonly settings?: readonly string[];
  /** Lines of `pg_hba.conf` in the place of letting everybody in by the socket. */
  readonly access?: readonly string[];
  /** Files of the data directory besides, by name, readable by the server only. */
  readonly files?: Readonly<Record<string, string>>;
}

const superuser = 'sallyport';
/** Debian's `nobody`. */
const unprivileged = { uid: 65_534, gid: 65_534 };

/** Where the server's programs are: Debian keeps them off the PATH. Undefined when there are none. */
function programs(): string | undefined {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home) : [];
  const newest = versions
    .filter((version) => existsSync(join(home, version, 'bin/initdb')))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1);
  return newest === undefined ? undefined : join(home, newest, 'bin');
}

/** Whether a server can be started here. For `describe.runIf`. */
export function hasPostgres(): boolean {
  return programs() !== undefined;
}

/** A server that runs already, by the directory of its socket. */
export function postgresAt(socket: string, port = '5432'): Pick<PostgresServer, 'urlOf' | 'run'> {
  return {
    urlOf: (name) => `postgres://${superuser}@/${name}?host=${socket}${port === '5432' ? '' : `&port=${port}`}`,
    run: (url, sql) => {
      const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql];
      const done = spawnSync(join(programs() ?? '', 'psql'), args, {
        encoding: 'utf8',
        env: environment(),
        maxBuffer: 2 ** 28,
      });
      if (done.status !== 0) throw new Error(`SQL failed: ${done.stderr}`);
      return done.stdout.split('\n').filter((line) => line !== '');
    },
  };
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

/** Starts a server and waits until it takes connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = programs();
  if (bin === undefined) throw new Error("There is no PostgreSQL server (Debian's package 'postgresql').");
  const folder = temporaryDirectory('postgres');
  // The server refuses to run as root.
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? unprivileged : {};
  if (asRoot) chownSync(folder.path, unprivileged.uid, unprivileged.gid);
  const data = join(folder.path, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      superuser,
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
      '--locale-provider=icu',
      '--icu-locale=en',
    ],
    { ...user, cwd: folder.path, encoding: 'utf8', env: environment() },
  );
  if (made.status !== 0) throw new Error(`No database could be made: ${made.stdout}${made.stderr}`);
  if (options.access !== undefined) writeFileSync(join(data, 'pg_hba.conf'), `${options.access.join('\n')}\n`);
  for (const [name, content] of Object.entries(options.files ?? {})) {
    writeFileSync(join(data, name), content, { mode: 0o600 });
    if (asRoot) chownSync(join(data, name), unprivileged.uid, unprivileged.gid);
  }
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder.path}`,
    'fsync=off',
    'max_connections=200',
    'shared_buffers=64MB',
    'log_min_messages=fatal',
    ...(options.settings ?? []),
  ];
  const port = settings.find((setting) => setting.startsWith('port='))?.slice('port='.length) ?? '5432';
  let databases = 0;
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    // Its own messages go by as FATAL and above only; that it is ready is seen by asking it.
    server = spawn(join(bin, 'postgres'), args, {
      ...user,
      cwd: folder.path,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // At once, and nothing that its processes share is left behind.
    endWithWorker(server, 'SIGQUIT');
    const said: string[] = [];
    if (server.stderr !== null) createInterface({ input: server.stderr }).on('line', (line) => said.push(line));
    for (;;) {
      if (server.exitCode !== null) throw new Error(`The PostgreSQL server ended at once:\n${said.join('\n')}`);
      const asked = spawnSync(join(bin, 'pg_isready'), ['-q', '-h', folder.path, '-p', port], { env: environment() });
      if (asked.status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const end = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    // SIGINT is its fast shutdown: whoever is connected is cut off.
    server.kill('SIGINT');
    await ended;
  };
  const { urlOf, run } = postgresAt(folder.path, port);
  await start();
  return {
    socket: folder.path,
    database: (template) => {
      const name = `test_${(databases += 1)}`;
      const of = template === undefined ? '' : ` TEMPLATE ${/\/(\w+)\?/.exec(template)?.[1] ?? ''}`;
      run(urlOf('postgres'), `CREATE DATABASE ${name}${of}`);
      return urlOf(name);
    },
    urlOf,
    run,
    halt: end,
    resume: start,
    stop: async () => {
      await end();
      folder.remove();
    },
  };
}
