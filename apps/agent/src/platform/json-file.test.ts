/**
 * Files of an agent that was set back find another version's format (T84): what decides is refused with one sentence and left as it is,
 * what is only remembered or shown counts as not there. One row for each file that an agent leaves for the next.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { memoryDirectory } from '@sallyport/testkit';
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { readCatalogStatus } from '../catalog-watch/catalog-status.ts';
import { readAgentConfig } from '../connection/agent-config.ts';
import { testMachine } from '../config/machine.fixture.ts';
import { SilentWay, silentWayFile } from '../connection/channel/silent-way.ts';
import { readLineage } from '../connection/key-lineage.ts';
import { AcceptedOrders } from '../extensions/orders/accepted-orders.ts';
import { keptSettings } from '../extensions/run/kept-settings.ts';
import { raiseSealedFloor } from '../extensions/run/sealed-floors.ts';
import { entry } from '../extensions/machine.fixture.ts';
import { Journal } from '../extensions/state/journal.ts';
import { RememberedOrder } from '../extensions/state/remembered-order.ts';
import { readEndpointStatus } from '../metadata-service/endpoint-status.ts';
import { machineFacts } from '../service/machine-facts.ts';
import { readAgentStatus } from '../service/agent-status.ts';
import { readStatementNumber, statementNumberFile } from '../statements/statement-number.ts';
import { readJsonFile } from './json-file.ts';
import { agentPaths } from './paths.ts';

const extension = {
  name: knownExtension('Contoso.Test/Thing'),
  version: parseHandlerVersion('1.0.0') as HandlerVersion,
};
const silent = { log: () => undefined, now: () => 0 };

interface Reader {
  /** Under the machine's root. */
  readonly file: (root: string) => string;
  readonly read: (root: string, file: string) => unknown;
}

const refused: Readonly<Record<string, Reader>> = {
  'agentconfig.json': { file: (root) => agentPaths(root).agentConfig, read: readAgentConfig },
  'the lineage of keys': { file: (root) => join(root, 'lineage.json'), read: (_root, file) => readLineage(file) },
  'operations.json': { file: (root) => join(root, 'operations.json'), read: (_root, file) => new Journal(file) },
  'orders.json': { file: (root) => join(root, 'orders.json'), read: (_root, file) => new AcceptedOrders(file, 'm') },
  'floors.json': {
    file: (root) => join(root, 'floors.json'),
    read: (root) => raiseSealedFloor(root, 'm', entry()),
  },
  'statement.json': { file: statementNumberFile, read: readStatementNumber },
  'settings.json': {
    file: (root) => join(agentPaths(root).extensionLogs, 'Contoso.Test.Thing-1.0.0/settings.json'),
    read: (root) => keptSettings(agentPaths(root), extension),
  },
};

const inRun =
  (name: string) =>
  (root: string): string =>
    join(agentPaths(root).run, name);

const passedOver: Readonly<Record<string, Reader & { readonly as: unknown }>> = {
  'order.json': {
    file: (root) => join(root, 'order.json'),
    read: (_root, file) => new RememberedOrder(file, () => undefined).order,
    as: [],
  },
  'channel.json': {
    file: silentWayFile,
    read: (_root, path) => new SilentWay({ path, ...silent }).known('a'),
    as: { left: 0, failures: 0 },
  },
  'status.json': { file: inRun('status.json'), read: readAgentStatus, as: undefined },
  'metadata-service.json': { file: inRun('metadata-service.json'), read: readEndpointStatus, as: undefined },
  'catalog.json': { file: inRun('catalog.json'), read: readCatalogStatus, as: undefined },
};

const newer = '{"format":2,"machineId":"m"}';

function written(root: string, { file }: Pick<Reader, 'file'>): string {
  const path = file(root);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, newer);
  return path;
}

test.each(Object.entries(refused))(
  'T84 %s of a newer format is refused with one sentence, and stays',
  (_name, reader) => {
    using directory = memoryDirectory('formats');
    const path = written(directory.path, reader);
    expect(() => reader.read(directory.path, path)).toThrow(
      `${path} was written by a newer version of the agent (format 2; this one reads format 1). Install that version again; the file was left as it is.`,
    );
    expect(readFileSync(path, 'utf8')).toBe(newer);
  },
);

test.each(Object.entries(passedOver))('T84 %s of a newer format is as none', (_name, reader) => {
  using directory = memoryDirectory('formats');
  const path = written(directory.path, reader);
  expect(reader.read(directory.path, path)).toEqual(reader.as);
});

test.each([
  ['{"format":0,"a":1}', "malformed at 'format'"],
  ['{"format":"2","a":1}', "malformed at 'format'"],
  ['{"format":1.5,"a":1}', "malformed at 'format'"],
  ['{"format":1,"a":"1"}', "malformed at 'a'"],
  ['[]', 'malformed'],
  ['{"format":1', 'is not JSON'],
])('%s is damaged, and not newer', (text, message) => {
  using directory = memoryDirectory('formats');
  const path = join(directory.path, 'x.json');
  writeFileSync(path, text);
  const schema = z.object({ format: z.literal(1), a: z.int() });
  expect(() => readJsonFile(path, schema)).toThrow(message);
});

test('properties that are not known are left out', () => {
  using directory = memoryDirectory('formats');
  const path = join(directory.path, 'x.json');
  writeFileSync(path, '{"format":1,"a":1,"ofLater":2}');
  expect(readJsonFile(path, z.object({ format: z.literal(1), a: z.int() }))).toEqual({ format: 1, a: 1 });
});

test('T16 azcmagent show says why there is no last signed statement', () => {
  using machine = testMachine();
  const file = written(machine.environment.root, { file: statementNumberFile });
  const shown = machineFacts(machine.environment).find(({ key }) => key === 'lastSignedStatement');
  expect(shown?.value).toContain(`${file} was written by a newer version of the agent`);
});
