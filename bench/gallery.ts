/**
 * The gallery: bringing a package of 100 MB onto a machine against `curl | sha256sum` and `unzip -q`, keeping up with a catalog of 10,000
 * packages by 200 publishers and listing it, and publishing against `sha256sum` and `cp`.
 */
import { createHash } from 'node:crypto';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashFile } from '@sallyport/archive';
import {
  createRepository,
  fetchFromFolder,
  openCatalog,
  openRepository,
  type Catalog,
  type CatalogFetch,
  type Repository,
} from '@sallyport/catalog';
import { parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import { HttpClient } from '../apps/agent/src/connection/http-client.ts';
import { downloadPackage } from '../apps/agent/src/extensions/download/download-package.ts';
import { startUnpacker } from '../apps/agent/src/extensions/unpack/unpack-in-child.ts';
import { galleryPlaces } from '../apps/gallery/src/gallery-places.ts';
import { publishPackage } from '../apps/gallery/src/publish/publish-package.ts';
import { strictPolicy, writeScanPolicy } from '../apps/gallery/src/scan/scan-policy.ts';
import { publishAs } from '../packages/catalog/src/testing/thief.ts';
import { compare, spreadOf, timed } from './measure.ts';
import { writeBenchPackage } from './bench-package.ts';
import { milliseconds, printRows, ratio, type Row } from './report.ts';

const rounds = 4;
const agent = join(import.meta.dirname, '../apps/agent/src/unpack-main.ts');

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const file = join(folder, 'Contoso.Bench.Large-1.0.0.zip');
    await writeBenchPackage(file);
    printRows('Gallery: publishing a package of 100 MB', [await publishing(folder, file)]);
    printRows('Gallery: a package of 100 MB onto a machine', [await bringing(folder, file)]);
    printRows('Gallery: 10,000 packages by 200 publishers', await keepingUp(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Download, verify and unpack as the agent does, its unpacking process included. */
async function bringing(folder: string, file: string): Promise<Row> {
  const { server, origin } = await serve(folder);
  const url = `${origin}/${file.slice(folder.length + 1)}`;
  const http = new HttpClient({ origin, proxy: () => undefined });
  const wanted = signedAs(file);
  let turn = 0;
  const fresh = (): string => {
    const directory = join(folder, `tree-${(turn += 1)}`);
    mkdirSync(directory, { mode: 0o700 });
    return directory;
  };
  const ours = async (): Promise<number> => {
    const directory = fresh();
    const { signal } = new AbortController();
    const descriptor = openSync(join(folder, `download-${turn}`), 'wx+', 0o600);
    try {
      return await timed(async () => {
        const unpacker = startUnpacker({ program: agent, places: [{ descriptor, staging: directory }] });
        await downloadPackage({ http, locations: [url], wanted, descriptor, signal });
        const answer = await unpacker.unpack(0, wanted, signal);
        unpacker.dispose();
        if (!answer.ok) throw new Error(answer.message);
      });
    } finally {
      closeSync(descriptor);
    }
  };
  const peer = async (): Promise<number> => {
    const directory = fresh();
    const script = 'curl -s "$1" | tee "$2" | sha256sum >/dev/null && unzip -q "$2" -d "$3"';
    return timed(() => execFileSync('/bin/sh', ['-c', script, 'sh', url, join(folder, `curl-${turn}`), directory]));
  };
  try {
    const measured = await compare(rounds, ours, peer);
    return {
      what: 'download, verify, unpack',
      figure: milliseconds(measured.ours),
      against: `curl | sha256sum, unzip -q: ${milliseconds(measured.peer)}`,
      ratio: `${ratio(measured.ratio)}, aim 1.3`,
    };
  } finally {
    http.close();
    server.kill();
    await once(server, 'exit');
  }
}

/** Publishing without a scan: the strict reader over the whole package, storing it durably, signing. */
async function publishing(folder: string, file: string): Promise<Row> {
  let turn = 0;
  const ours = async (): Promise<number> => {
    const places = galleryPlaces(join(folder, `gallery-${(turn += 1)}`));
    const repository = await makeRepository(places.directory, places.keysDirectory);
    await repository.addPublisher('Contoso.Bench');
    writeScanPolicy(places, { ...strictPolicy, scanner: 'none' });
    const machine = { operatingSystem: 'linux', architecture: 'any' } as const;
    return timed(() => publishPackage({ places, repository, now: () => new Date() }, file, {}, machine));
  };
  const peer = async (): Promise<number> =>
    timed(() =>
      execFileSync('/bin/sh', [
        '-c',
        'sha256sum "$1" >/dev/null && cp "$1" "$2"',
        'sh',
        file,
        join(folder, `copy-${turn}`),
      ]),
    );
  const measured = await compare(rounds, ours, peer);
  return {
    what: `publish, not scanned (${(statSync(file).size / 1e6).toFixed(0)} MB file)`,
    figure: milliseconds(measured.ours),
    against: `sha256sum && cp: ${milliseconds(measured.peer)}`,
    ratio: `${ratio(measured.ratio)}, aim 2`,
  };
}

async function keepingUp(folder: string): Promise<readonly Row[]> {
  const directory = join(folder, 'large/metadata');
  const keysDirectory = join(folder, 'large/keys');
  const repository = await makeRepository(directory, keysDirectory);
  const publishers = Array.from({ length: 200 }, (_, i) => `Contoso.Publisher${String(i).padStart(3, '0')}`);
  for (const publisher of publishers) await repository.addPublisher(publisher);
  const robbed = {
    options: { directory, keysDirectory, now: () => new Date() },
    read: (name: string) => readFileSync(join(directory, name)),
  };
  const roles = publishers.map((publisher) => `publisher.${publisher.toLowerCase()}`);
  await publishAs(robbed, roles, (content, role) => {
    const publisher = publishers[roles.indexOf(role)];
    return publisher === undefined ? content : { ...content, targets: fifty(publisher) };
  });
  const name = parseExtensionName('Contoso.Publisher007/Agent1');
  const version = parseHandlerVersion('1.0.1');
  if (!name.ok || version === undefined) throw new Error('they are well-formed');
  const traffic = { requests: 0, bytes: 0 };
  const honest = fetchFromFolder(directory);
  const fetch: CatalogFetch = async (file, maxLength, signal) => {
    const answer = await honest(file, maxLength, signal);
    traffic.requests += 1;
    traffic.bytes += typeof answer === 'string' ? 0 : answer.length;
    return answer;
  };
  const pinnedRoot = readFileSync(join(directory, '1.root.json'));
  const measure = async (memory: string): Promise<Cost> => {
    const catalog = openCatalog({ directory: join(folder, 'clients', memory), pinnedRoot, fetch });
    Object.assign(traffic, { requests: 0, bytes: 0 });
    const before = process.cpuUsage();
    await catalog.refresh();
    await catalog.find(name.name, version);
    const { user, system } = process.cpuUsage(before);
    return { ...traffic, processor: (user + system) / 1000 };
  };
  const first: Cost[] = [];
  const nothing: Cost[] = [];
  const one: Cost[] = [];
  for (let round = 0; round < 9; round += 1) {
    first.push(await measure(`machine-${round}`));
    nothing.push(await measure('machine-0'));
    await repository.addTarget({
      name: name.name,
      version: parseHandlerVersion(`2.0.${round}`) ?? version,
      operatingSystem: 'linux',
      architecture: 'any',
      length: 5,
      sha256: String(round).repeat(64),
    });
    one.push(await measure('machine-0'));
  }
  return [
    row('nothing new, and finding a package', nothing, 'aim 1 request, 2 KB'),
    row('one package is new', one, 'aim 100 KB, 50 ms'),
    row('everything is new', first, ''),
    ...(await listing(
      openCatalog({ directory: join(folder, 'clients/control-plane'), pinnedRoot, fetch }),
      publishers,
    )),
  ];
}

/** What a control plane asks with each extension that somebody wants, and what it asks when all of them are looked through. */
async function listing(catalog: Catalog, publishers: readonly string[]): Promise<readonly Row[]> {
  await catalog.refresh();
  const cost = async (publisher?: string): Promise<number> => {
    const before = process.cpuUsage();
    await catalog.list(publisher);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const rowOf = async (what: string, publisher?: string): Promise<Row> => {
    const [first, again] = [await cost(publisher), await cost(publisher)];
    return {
      what,
      figure: `processor ${first.toFixed(1)} ms for the first time, ${again.toFixed(1)} ms again`,
    };
  };
  return [await rowOf("listing the last publisher's packages", publishers.at(-1)), await rowOf('listing all packages')];
}

interface Cost {
  readonly requests: number;
  readonly bytes: number;
  readonly processor: number;
}

function row(what: string, costs: readonly Cost[], aim: string): Row {
  const [last] = costs.slice(-1);
  const { median, least, most } = spreadOf(costs.slice(1).map(({ processor }) => processor));
  return {
    what,
    figure: `${last?.requests ?? 0} requests, ${((last?.bytes ?? 0) / 1000).toFixed(1)} KB`,
    against: `processor ${median.toFixed(1)} ms (${least.toFixed(1)}–${most.toFixed(1)})`,
    ratio: aim,
  };
}

function fifty(publisher: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => {
      const [type, version] = [`Agent${i % 5}`, `1.0.${Math.floor(i / 5)}`];
      const custom = { publisher, type, version, operatingSystem: 'linux', architecture: 'any' };
      const sha256 = hashText(`${publisher} ${type} ${version}`);
      return [
        `${publisher}/${type}/${version}.zip`.toLowerCase(),
        { length: 1_000_000 + i, hashes: { sha256 }, custom },
      ];
    }),
  );
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function makeRepository(directory: string, keysDirectory: string): Promise<Repository> {
  const place = { directory, keysDirectory, now: () => new Date() };
  await createRepository(place);
  return openRepository(place);
}

function signedAs(file: string): { readonly length: number; readonly sha256: string } {
  const descriptor = openSync(file, 'r');
  try {
    return hashFile(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A plain file server in a process of its own, for both sides. */
async function serve(folder: string): Promise<{ readonly server: ChildProcess; readonly origin: string }> {
  const script = `
    const { createServer } = require('node:http'); const { createReadStream, statSync } = require('node:fs');
    const server = createServer((q, a) => { const f = ${JSON.stringify(folder)} + q.url;
      a.writeHead(200, { 'content-length': statSync(f).size }); createReadStream(f, { highWaterMark: 262144 }).pipe(a); });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  return { server, origin: `http://127.0.0.1:${port.toString().trim()}` };
}
