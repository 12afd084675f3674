/** A whole system for tests: a gallery folder, a control plane, a carrier in between, and one machine under a root of its own. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRepository, type NewTarget, type Repository } from '@sallyport/catalog';
import { parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import type { Architecture } from '@sallyport/model/wire';
import { buildTestPackage, storeSettings, temporaryDirectory, type PackageFiles } from '@sallyport/testkit';
import type { Operator } from '../clients/control-plane-process.ts';
import { signIn, type OperatorClient } from '../clients/operator-client.ts';
import { startCarrier, type Carrier } from './carrier.ts';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { freePort, runProgram, startService, type Finished, type Service } from './processes.ts';
import { startTrueRoot, type TrueRoot } from './true-root.ts';

export interface Ended {
  readonly status: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ExtensionRequest {
  readonly publisher?: string;
  readonly type: string;
  readonly version?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly protectedSettings?: Readonly<Record<string, unknown>>;
  /** Resources that have to be there first. */
  readonly after?: readonly string[];
}

export interface TestSystem {
  readonly carrier: Carrier;
  readonly operator: Operator;
  readonly client: OperatorClient;
  readonly folder: string;
  /** The machine's root. */
  readonly root: string;
  /** Words that start a program on the machine; none unless it has true paths. */
  readonly enter: readonly string[];
  /** With true paths: where the test finds a path of the machine while it lives, `/proc` included. */
  seen(path: string): string;
  readonly machine: string;
  /** Publishes `Contoso.Test/<type>`, or `<publisher>/<type>`; returns the path its bytes are served under. */
  publish(
    type: string,
    version: string,
    content: PackageFiles | Buffer,
    architecture?: Architecture,
    declared?: Pick<NewTarget, 'needsNetworkToInstall'>,
  ): Promise<string>;
  /** Lets another publisher in, which changes the catalog's top-level role. */
  addPublisher(name: string): Promise<void>;
  azcmagent(...args: readonly string[]): Promise<Finished>;
  startAgent(variables?: Readonly<Record<string, string>>): Promise<Service>;
  /** Asks for an extension and waits for the end of the operation. */
  install(resource: string, request: ExtensionRequest): Promise<Ended>;
  remove(resource: string): Promise<Ended>;
  /** Asks, and returns what to wait with. */
  ask(method: 'PUT' | 'DELETE', resource: string, request?: ExtensionRequest): Promise<() => Promise<Ended>>;
  get(path: string): Promise<unknown>;
  /** What the control plane has written to its log. */
  log(): string;
  /** The id of an extension resource of the machine. */
  extensionPath(resource: string): string;
  stopAgents(): Promise<void>;
  stop(): Promise<void>;
}

export const publisher = 'Contoso.Test';
const apiVersion = 'api-version=2024-07-10';

export interface SystemOptions {
  /**
   * The agent finds all of its paths where they are on a real machine (`true-root.ts`, or a machine that is given); otherwise they
   * hang under its root.
   */
  readonly truePaths?: boolean | TrueRoot;
  /** A gallery that is there already, with the root that the machine is to believe; nothing can be published into it. */
  readonly served?: { readonly gallery: string; readonly root: string };
  /** Of the environment of the control plane: credentials of storages. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Starts everything and connects the machine; the agent is not started. */
export async function startSystem(machine = 'gatehouse', options: SystemOptions = {}): Promise<TestSystem> {
  const temporary = temporaryDirectory('system');
  const folder = temporary.path;
  const { served } = options;
  const gallery = served?.gallery ?? join(folder, 'gallery');
  const repository = served === undefined ? await makeGallery(gallery) : undefined;
  const carrier = await startCarrier();
  const port = await freePort();
  const state = join(folder, 'control-plane');
  const controlPlane = await startService(
    'control-plane',
    ['start', '--state', state, '--port', String(port), '--gallery', gallery, '--public-url', carrier.url].concat(
      storeSettings(state),
    ),
    '"msg":"listening"',
    options.variables,
  );
  carrier.forwardTo({
    endpoint: `https://127.0.0.1:${port}`,
    authority: readFileSync(join(state, 'ca.pem'), 'utf8'),
  });
  const caFile = join(folder, 'carrier.pem');
  writeFileSync(caFile, carrier.authority);
  const operator = { ...(JSON.parse(readFileSync(join(state, 'operator.json'), 'utf8')) as Operator), caFile };
  const client = await signIn(operator);
  const root = join(folder, 'root');
  mkdirSync(root, { mode: 0o755 });
  chmodSync(root, 0o755);
  const agents: Service[] = [];
  const { truePaths } = options;
  const given = typeof truePaths === 'object' ? truePaths : undefined;
  const own: TrueRoot | undefined = truePaths === true ? await startTrueRoot(root, [folder]) : given;
  const variables = { AZCMAGENT_ROOT: own === undefined ? root : '/' };
  // The commands run in this process: a process each would be most of the time that these tests take.
  const azcmagent = async (...args: readonly string[]): Promise<Finished> => {
    if (own !== undefined) return runProgram('agent', args, variables, own.enter);
    let output = '';
    const write = (text: string): void => void (output += text);
    const environment = { ...processEnvironment(), root };
    const code = await runCli(args, environment, { out: write, err: write }, new AbortController().signal);
    return { code, output };
  };
  const base = `/subscriptions/${operator.subscriptionId}/resourceGroups/fortress/providers/Microsoft.HybridCompute/machines/${machine}`;

  const system: TestSystem = {
    carrier,
    operator,
    client,
    folder,
    root,
    machine,
    enter: own?.enter ?? [],
    seen: (path) => own?.seen(path) ?? join(root, path),
    azcmagent,
    addPublisher: async (name) => original(repository).addPublisher(name),
    async publish(type, version, content, architecture = 'any', declared = {}) {
      const bytes = Buffer.isBuffer(content) ? content : buildTestPackage(content);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(gallery, 'packages', `${sha256}.zip`), bytes);
      const name = parseExtensionName(type.includes('/') ? type : `${publisher}/${type}`);
      const parsed = parseHandlerVersion(version);
      if (!name.ok || parsed === undefined) throw new Error(`${type} ${version} is not an extension`);
      const length = bytes.length;
      const manifest = Buffer.isBuffer(content) ? undefined : content['HandlerManifest.json']?.toString();
      const supportsMultipleExtensions = /"supportsMultipleExtensions": ?true/.test(manifest ?? '');
      await original(repository).addTarget({
        name: name.name,
        version: parsed,
        operatingSystem: 'linux',
        architecture,
        length,
        sha256,
        supportsMultipleExtensions,
        ...declared,
      });
      return `/packages/${sha256}.zip`;
    },
    async startAgent(more = {}) {
      const agent = await startService('agent', ['run'], 'Connected as', { ...variables, ...more }, own?.enter);
      agents.push(agent);
      return agent;
    },
    async ask(method, resource, request) {
      const answer = await client.arm(method, `${base}/extensions/${resource}?${apiVersion}`, bodyOf(request));
      if (answer.status !== 200 && answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
      const link = new URL(String(answer.headers['azure-asyncoperation']));
      return async () => {
        for (let tries = 0; tries < 1500; tries += 1) {
          const ended = (await client.arm('GET', link.pathname + link.search)).json() as Ended;
          if (/^(?:Succeeded|Failed|Canceled|TimedOut)$/.test(ended.status)) return ended;
          await sleep(20);
        }
        throw new Error('The operation has not come to an end.');
      };
    },
    install: async (resource, request) => (await system.ask('PUT', resource, request))(),
    remove: async (resource) => (await system.ask('DELETE', resource))(),
    get: async (path) => (await client.arm('GET', `${path}${path.includes('?') ? '&' : '?'}${apiVersion}`)).json(),
    log: () => controlPlane.output(),
    extensionPath: (resource) => `${base}/extensions/${resource}`,
    async stopAgents() {
      await Promise.all(agents.splice(0).map((agent) => agent.stop()));
    },
    async stop() {
      client.close();
      await system.stopAgents();
      await own?.stop();
      await controlPlane.stop();
      await carrier.close();
      temporary.remove();
    },
  };
  const connected = await azcmagent(...connectArguments(system, served?.root ?? join(gallery, 'metadata/1.root.json')));
  if (connected.code !== 0) throw new Error(connected.output);
  return system;
}

async function makeGallery(gallery: string): Promise<Repository> {
  mkdirSync(join(gallery, 'packages'), { recursive: true });
  const repository = await createRepository({
    directory: join(gallery, 'metadata'),
    keysDirectory: join(gallery, 'keys'),
    now: () => new Date(),
  });
  await repository.addPublisher(publisher);
  return repository;
}

function original(repository: Repository | undefined): Repository {
  if (repository === undefined) throw new Error('Nothing can be published into a gallery that was given.');
  return repository;
}

/** What `azcmagent connect` is called with. */
export function connectArguments(
  { operator, machine }: Pick<TestSystem, 'operator' | 'machine'>,
  catalogRoot: string,
  resourceGroup = 'fortress',
): readonly string[] {
  const options = {
    'subscription-id': operator.subscriptionId,
    'resource-group': resourceGroup,
    location: 'onpremises',
    'resource-name': machine,
    'tenant-id': operator.tenantId,
    'service-principal-id': operator.clientId,
    'service-principal-secret': operator.clientSecret,
    endpoint: operator.endpoint,
    'ca-file': operator.caFile,
    'catalog-root': catalogRoot,
  };
  return ['connect', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
}

function bodyOf(request: ExtensionRequest | undefined): unknown {
  if (request === undefined) return undefined;
  const { settings, protectedSettings, after } = request;
  return {
    location: 'onpremises',
    properties: {
      publisher: request.publisher ?? publisher,
      type: request.type,
      typeHandlerVersion: request.version ?? '1.0.0',
      autoUpgradeMinorVersion: false,
      ...(settings === undefined ? {} : { settings }),
      ...(protectedSettings === undefined ? {} : { protectedSettings }),
      ...(after === undefined ? {} : { provisionAfterExtensions: after }),
    },
  };
}
