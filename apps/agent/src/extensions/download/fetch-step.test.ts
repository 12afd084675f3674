/** S4.5: controls that change while a package is on its way stop it there, and nothing of it stays. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Catalog, SignedPackage } from '@sallyport/catalog';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { buildTestPackage, temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { HttpClient } from '../../connection/http-client.ts';
import { createMachineKey } from '../../connection/machine-key.ts';
import { carryOut } from '../executors.ts';
import { entry, extension, questionsIn, testMachine, until, type TestMachine } from '../machine.fixture.ts';
import { OperationRefused } from '../operation-context.ts';
import { Workplaces } from '../unpack/workplaces.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;

/** Fetches 2.0.0 onto the machine, from a server and a catalog that note when they are used. */
async function fetchOnto(machine: TestMachine, refuseAt?: number): Promise<void> {
  using directory = temporaryDirectory('fetch');
  const content = buildTestPackage(machine.handler(version));
  const server: Server = createServer((_request, response) => {
    machine.note('the package is downloaded');
    response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signed: SignedPackage = {
    path: 'contoso.test/thing/2.0.0.zip',
    length: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    target: {
      publisher: extension.publisher,
      type: extension.type,
      version,
      operatingSystem: 'linux',
      architecture: 'any',
    },
  };
  const catalog: Catalog = {
    refresh: () => Promise.resolve(machine.note('the catalog is asked')),
    find: () => Promise.resolve(signed),
    expiries: () => Promise.resolve([]),
    publishers: () => Promise.resolve([extension.publisher]),
    list: () => Promise.resolve([signed]),
  };
  const supplies = {
    http: new HttpClient({ origin, proxy: () => undefined }),
    machineKey: await createMachineKey(join(directory.path, 'machine.key')),
    catalog: () => Promise.resolve(catalog),
    only: undefined,
    packageUrls: () => Promise.resolve([]),
  };
  const change = { supplies, entry: entry({ packageUrls: [`${origin}/package.zip`] }) };
  const context = machine.context('install', refuseAt === undefined ? change : { ...change, refuseAt });
  try {
    await carryOut([{ kind: 'fetch', version }], context);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const history = [
  '? nothing',
  ': Downloading',
  'the catalog is asked',
  '? nothing',
  'the package is downloaded',
  ': Verifying',
  '? nothing',
];

test('S4.5 the controls are asked before the catalog is, before the download and before the package is opened', async () => {
  using machine = testMachine();
  await fetchOnto(machine);
  expect(machine.history()).toEqual(history);
  expect(machine.state()).toBe('2.0.0 placed');
});

test.each(questionsIn(history))(
  'S4.5 refused at question %i: it goes no further, and nothing of it stays',
  async (n) => {
    using machine = testMachine();
    await expect(fetchOnto(machine, n)).rejects.toThrow(OperationRefused);
    expect(machine.history()).toEqual(until(n, history));
    expect(machine.state()).toBe('nothing');
    const { handlers, downloads } = machine.host.paths;
    expect(readdirSync(handlers)).toEqual([]);
    if (n > 1) expect(readdirSync(downloads)).toEqual([]);
  },
);

test('T45 what cannot be recorded, with a full disk say, is not unpacked to its end', async () => {
  using machine = testMachine();
  const { paths, environment, store } = machine.host;
  const program = join(machine.historyFile, '../endless.cjs');
  writeFileSync(program, 'setInterval(() => undefined, 1e6);');
  const workplaces = new Workplaces({ paths, environment, program });
  const putWith: typeof store.putWith = (_record, changes) => changes.changedBefore('/not/there');
  Object.assign(machine.host, { workplaces, store: { ...store, putWith } });
  await expect(fetchOnto(machine)).rejects.toThrow(/ENOENT.*not\/there/);
  workplaces.close();
  expect(machine.state()).toBe('nothing');
  expect([...readdirSync(paths.handlers), ...readdirSync(paths.downloads)]).toEqual([]);
});

test('T43 what could not be installed without a network here is not downloaded', async () => {
  using machine = testMachine();
  machine.setInstallNetwork('declared', '/bin/false');
  await expect(fetchOnto(machine)).rejects.toMatchObject({ code: 'NetworkNotWithheld' });
  expect(machine.history()).toEqual(history.slice(0, 4));
  expect(machine.state()).toBe('nothing');
});
