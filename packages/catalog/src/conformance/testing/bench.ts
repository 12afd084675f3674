/** For tests: a simulated repository behind a real server, and the client of the conformance suite before it. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { runStandardClient } from '../run-standard-client.ts';
import { RepositorySimulator, simulatedNow } from './repository-simulator.ts';

const day = 24 * 60 * 60 * 1000;

export interface Bench {
  readonly repository: RepositorySimulator;
  readonly folder: string;
  readonly url: string;
  /** Days that have passed since the beginning. */
  days: number;
  /** Each gives the exit code. */
  init(root?: Uint8Array): Promise<number>;
  refresh(): Promise<number>;
  download(path: string): Promise<number>;
  /** The version of a role that the client trusts; undefined when it trusts none. */
  version(role: string): number | undefined;
  trusted(role: string): Buffer;
  /** The roles that the client trusts, as it names their files. */
  trustedRoles(): string[];
  /** What the client has downloaded, oldest first. */
  downloads(): string[];
  remove(): Promise<void>;
}

export async function makeBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-conformance-'));
  const metadata = join(folder, 'metadata');
  const artifacts = join(folder, 'targets');
  mkdirSync(metadata);
  mkdirSync(artifacts);
  const repository = new RepositorySimulator();
  const server = createServer((request, response) => {
    const body = answer(repository, request.url ?? '');
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  const url = await listening(server);
  const clock = { days: 0 };
  const run = async (...words: readonly string[]): Promise<number> =>
    runStandardClient(['--metadata-dir', metadata, ...words], {
      now: () => new Date(simulatedNow + clock.days * day),
      say: () => undefined,
    });
  const trusted = (role: string): Buffer => readFileSync(join(metadata, `${encodeURIComponent(role)}.json`));
  return Object.assign(clock, {
    repository,
    folder,
    url,
    async init(root = repository.file('root', 1)) {
      const file = join(folder, 'initial-root.json');
      writeFileSync(file, root ?? '');
      return run('init', file);
    },
    refresh: async () => run('--metadata-url', `${url}/metadata`, 'refresh'),
    download: async (path: string) => {
      const where = ['--target-base-url', `${url}/targets`, '--target-dir', artifacts, '--target-name', path];
      return run('--metadata-url', `${url}/metadata/`, ...where, 'download');
    },
    version(role: string) {
      if (!readdirSync(metadata).includes(`${encodeURIComponent(role)}.json`)) return undefined;
      return (JSON.parse(trusted(role).toString('utf8')) as { signed: { version: number } }).signed.version;
    },
    trusted,
    trustedRoles: () => readdirSync(metadata).filter((name) => name.endsWith('.json')),
    downloads: () =>
      readdirSync(artifacts)
        .map((name) => join(artifacts, name))
        .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
        .map((file) => readFileSync(file, 'utf8')),
    async remove() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answer(repository: RepositorySimulator, path: string): Buffer | undefined {
  const [, kind, ...rest] = path.split('/');
  if (kind === 'metadata' && rest.length === 1) {
    const name = decodeURIComponent(rest[0] ?? '').replace(/\.json$/, '');
    const versioned = /^([0-9]+)\.(.+)$/s.exec(name);
    const [role, version] = versioned === null ? [name] : [versioned[2] ?? '', Number(versioned[1])];
    repository.requests.push(version === undefined ? role : `${role} ${version}`);
    return repository.file(role, version);
  }
  if (kind !== 'targets') return undefined;
  const { dir, base } = posix.parse(rest.map(decodeURIComponent).join('/'));
  const name = repository.root.consistent_snapshot ? base.slice(base.indexOf('.') + 1) : base;
  const target = dir === '' ? name : `${dir}/${name}`;
  repository.requests.push(`targets/${target}`);
  return repository.artifacts.get(target);
}
