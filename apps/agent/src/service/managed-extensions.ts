/** The extension manager of a connected machine, put together: goal state, operations, reports, and a look at what is installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '@sallyport/catalog';
import { readControls } from '../config/read-controls.ts';
import { agentApi, type AgentApi } from '../connection/agent-api.ts';
import type { AgentExchanges } from '../connection/agent-exchange.ts';
import { connectionFiles, type AgentConfig } from '../connection/agent-config.ts';
import { fetchCatalogFrom } from '../connection/catalog-fetch.ts';
import { HttpClient } from '../connection/http-client.ts';
import { requireKeyring, type MachineKeyring } from '../connection/machine-keyring.ts';
import { followProxy } from '../connection/proxy.ts';
import { packageUrlsOf } from '../extensions/download/package-urls-of.ts';
import { ExtensionManager } from '../extensions/extension-manager.ts';
import type { ExtensionHost } from '../extensions/operation-context.ts';
import { AcceptedOrders } from '../extensions/orders/accepted-orders.ts';
import { orderGate } from '../extensions/orders/order-gate.ts';
import { hostingOf } from '../extensions/plan/hosting.ts';
import { permitOf } from '../extensions/permit.ts';
import { Reporter } from '../extensions/report/reporter.ts';
import { resealStoredSettings } from '../extensions/run/reseal-stored-settings.ts';
import { Journal } from '../extensions/state/journal.ts';
import { ExtensionWatch } from '../extensions/watch/extension-watch.ts';
import type { Environment } from '../platform/environment.ts';
import { fileLog } from '../platform/log.ts';
import { agentPaths } from '../platform/paths.ts';
import { extensionHost, journalPath } from './extension-host.ts';

export interface ManagedExtensionsOptions {
  readonly environment: Environment;
  readonly config: AgentConfig;
  /** The file Node was started with, to start it again for unpacking. */
  readonly program: string;
  /** With the control plane, over the connection of the resident process. */
  readonly exchanges: AgentExchanges;
}

/** Holds them while the machine is connected as `config` says. */
export class ManagedExtensions {
  readonly #host: ExtensionHost;
  readonly #http: HttpClient;
  readonly #api: AgentApi;
  readonly #keyring: MachineKeyring;
  readonly #manager: ExtensionManager;
  readonly #reporter: Reporter;
  readonly #watch: ExtensionWatch;
  #resealing: Promise<void> | undefined;

  /** Throws when key, authority or pinned root are missing or unusable: connect again. */
  constructor({ environment, config, program, exchanges }: ManagedExtensionsOptions) {
    const { root } = environment;
    const keyring = requireKeyring(agentPaths(root).certificates, config.vmId);
    const http = new HttpClient({
      origin: config.endpoint,
      authorities: config.ownAuthority ? readFileSync(connectionFiles(root).authority, 'utf8') : undefined,
      proxy: followProxy(environment),
    });
    const host = extensionHost(environment, program);
    const journal = new Journal(journalPath(root));
    this.#host = host;
    this.#http = http;
    this.#keyring = keyring;
    this.#api = agentApi(exchanges);
    this.#reporter = new Reporter({
      journal,
      log: host.log,
      send: (request, signal) => this.#api.report(request, signal),
    });
    this.#manager = new ExtensionManager({
      host,
      journal,
      reporter: this.#reporter,
      supplies: {
        http,
        machineKey: keyring,
        catalog: onceOpened(() => openMachineCatalog(config, http, environment)),
        only: config.privateLinkScopeResourceId === undefined ? undefined : config.endpoint,
        packageUrls: async (entry, signal) => packageUrlsOf(await this.#api.goalState(signal), entry),
      },
      hosting: () => hostingOf(readControls(environment)),
      orders: orderGate({
        machine: config.resourceName,
        machineKey: keyring,
        accepted: new AcceptedOrders(join(host.paths.guestConfig, 'orders.json'), keyring.vmId),
        readControls: () => readControls(environment),
        installed: () => host.store.list().extensions,
        now: () => environment.now(),
      }),
      permit: permitOf({ machine: config.resourceName, readControls: () => readControls(environment) }),
    });
    this.#watch = new ExtensionWatch({
      host,
      journal,
      reporter: this.#reporter,
      events: fileLog(join(host.paths.managerLogs, 'extension_events.log'), environment),
      machineKey: () => keyring,
    });
  }

  start(): void {
    this.#manager.start();
    this.#reporter.flush();
    this.#watch.start();
    this.keyChanged();
  }

  /** Fetches the goal state and begins what it asks for; gives its generation. */
  async fetchGoal(signal: AbortSignal): Promise<number> {
    // What comes may be sealed for a key that was renewed meanwhile.
    this.#keyring.lookAgain();
    const goal = await this.#api.goalState(signal);
    this.#manager.want(goal);
    return goal.generation;
  }

  /** What waits is planned anew, and what may not go on is ended. */
  controlsChanged(): void {
    this.#manager.controlsChanged();
  }

  /** Whatever could not be told before can be now. */
  connected(): void {
    this.#reporter.flush();
  }

  /** What is kept sealed for an earlier key is sealed for the one of now; tried again with the next start. */
  keyChanged(): void {
    this.#keyring.lookAgain();
    // The earlier key still opens it; it stays until the next renewal.
    this.#resealing = resealStoredSettings(this.#host.paths, this.#keyring).catch(() => undefined);
  }

  /** Ends operations where they are, for the machine's administrator; says on which resources. Undefined means all. */
  cancel(wanted: string | undefined): readonly string[] {
    return this.#manager.cancel(wanted);
  }

  /** Whether nothing is to be done and nobody is looked after: no operation, no report, no extension at work, no output still written to. */
  isAtRest(): boolean {
    const { store, leftOutputs } = this.#host;
    const isBusy = this.#manager.isAtWork() || this.#reporter.isAtWork() || leftOutputs.isInUse();
    return !isBusy && store.list().extensions.every(({ phase }) => phase !== 'enabled');
  }

  /** Ends everything; running commands of handlers are ended and taken up again after the next start. */
  async stop(): Promise<void> {
    await Promise.all([this.#manager.stop(), this.#watch.stop(), this.#resealing]);
    await this.#reporter.stop();
    this.#http.close();
  }
}

/** Opened when it is first needed: the verifier is large, and most of the time nothing is installed. */
function onceOpened(open: () => Promise<Catalog>): () => Promise<Catalog> {
  let opened: Promise<Catalog> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function openMachineCatalog(config: AgentConfig, http: HttpClient, environment: Environment): Promise<Catalog> {
  const { openCatalog } = await import('@sallyport/catalog');
  return openCatalog({
    directory: agentPaths(environment.root).catalog,
    pinnedRoot: readFileSync(connectionFiles(environment.root).pinnedRoot),
    fetch: fetchCatalogFrom(http, config.catalogUrl),
    now: () => new Date(environment.now()),
  });
}
