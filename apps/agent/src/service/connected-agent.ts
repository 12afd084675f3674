/** The services of a connected machine, put together: heartbeat and extension manager. `start()` and `stop()`, no more. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '@sallyport/catalog';
import { agentConfigurationOf, defaultControls, type ControlsReading } from '@sallyport/local-controls';
import { CodedError, messageOf } from '@sallyport/model';
import type { HeartbeatRequest, HeartbeatResponse } from '@sallyport/model/wire';
import { CatalogWatch } from '../catalog-watch/catalog-watch.ts';
import { readControls } from '../config/read-controls.ts';
import { connectionFiles, type AgentConfig } from '../connection/agent-config.ts';
import { packageUrlsOf } from '../extensions/download/package-urls-of.ts';
import { agentApi, type AgentApi } from '../connection/agent-api.ts';
import { agentVersion } from '../connection/agent-version.ts';
import { fetchCatalogFrom } from '../connection/catalog-fetch.ts';
import { HttpClient } from '../connection/http-client.ts';
import { KeyRenewal } from '../connection/key-renewal.ts';
import { MachineKeyring } from '../connection/machine-keyring.ts';
import { followProxy } from '../connection/proxy.ts';
import { systemFacts } from '../connection/system-facts.ts';
import { ResourceTokens } from '../connection/resource-tokens.ts';
import { MachineTokens, type MachinePrincipal, type SigningKeys } from '../connection/tokens.ts';
import type { MachineIdentity } from '../metadata-service/token-answer.ts';
import { extensionLimits, type LimitControls } from '../extensions/limits/extension-limits.ts';
import { describeMechanism, groupMechanism, type GroupMechanism } from '../extensions/limits/group-mechanism.ts';
import { machineGroups } from '../extensions/limits/machine-groups.ts';
import { readGroupFacts } from '../extensions/limits/read-group-facts.ts';
import { ExtensionManager } from '../extensions/extension-manager.ts';
import type { ExtensionHost } from '../extensions/operation-context.ts';
import { hostingOf } from '../extensions/plan/hosting.ts';
import { permitOf } from '../extensions/permit.ts';
import { Reporter } from '../extensions/report/reporter.ts';
import { LeftOutputs } from '../extensions/run/left-outputs.ts';
import { commandLane } from '../extensions/run/command-lane.ts';
import { extensionStore } from '../extensions/state/extension-store.ts';
import { resealStoredSettings } from '../extensions/run/reseal-stored-settings.ts';
import { Journal } from '../extensions/state/journal.ts';
import { Workplaces } from '../extensions/unpack/workplaces.ts';
import { ExtensionWatch } from '../extensions/watch/extension-watch.ts';
import { HeartbeatLoop } from '../heartbeat/heartbeat-loop.ts';
import type { Environment } from '../platform/environment.ts';
import { fileLog } from '../platform/log.ts';
import { agentPaths } from '../platform/paths.ts';
import { machineLife } from '../platform/machine-life.ts';
import { sleep } from '../platform/sleep.ts';
import { writeAgentStatus, type AgentStatus } from './agent-status.ts';

export interface ConnectedAgentOptions {
  readonly environment: Environment;
  readonly config: AgentConfig;
  /** The file Node was started with, to start it again for unpacking. */
  readonly program: string;
}

/** Longest time a heartbeat is held: proxies cut what is silent for a minute. Seconds. */
const holdSeconds = 50;
/** The goal state is fetched this often even when nothing rang. Milliseconds. */
const slowPollMilliseconds = 5 * 60 * 1000;

/** Where the ends of operations are kept. */
export function journalPath(root: string): string {
  return join(agentPaths(root).guestConfig, 'operations.json');
}

/** How many commands of handlers may run side by side; one when that cannot be known. */
function commandsAtOnce(controls: ControlsReading): number {
  return controls.kind === 'in-force' ? controls.controls['extensions.agent.parallelcommands'] : 1;
}

/** What of the extension manager works without a connection. */
export function extensionHost(environment: Environment, program: string): ExtensionHost {
  const paths = agentPaths(environment.root);
  return {
    environment,
    paths,
    store: extensionStore(paths.extensionLogs),
    log: fileLog(join(paths.managerLogs, 'gc_ext.log'), environment),
    lane: commandLane(() => commandsAtOnce(readControls(environment))),
    groups: machineGroups(mechanismOf(environment), environment.root),
    leftOutputs: new LeftOutputs(),
    machineLife: machineLife(),
    limitsOf: (name, asked) => extensionLimits(name, limitControls(readControls(environment)), asked, totalmem()),
    workplaces: new Workplaces({ paths, environment, program }),
  };
}

function mechanismOf({ uid }: Environment): GroupMechanism {
  return groupMechanism(readGroupFacts(uid));
}

/** The limits the administrator has set; the usual ones when that cannot be known. */
function limitControls(reading: ControlsReading): LimitControls {
  return reading.kind === 'in-force' ? reading.controls : defaultControls;
}

/** Holds the services while the machine is connected as `config` says. */
export class ConnectedAgent {
  readonly #options: ConnectedAgentOptions;
  readonly #stop = new AbortController();
  readonly #http: HttpClient;
  readonly #api: AgentApi;
  readonly #resourceTokens: ResourceTokens;
  readonly #manager: ExtensionManager;
  readonly #reporter: Reporter;
  readonly #heartbeat: HeartbeatLoop;
  readonly #watch: ExtensionWatch;
  readonly #machineKey: MachineKeyring;
  readonly #renewal: KeyRenewal;
  readonly #catalogWatch: CatalogWatch;
  #generation = 0;
  /** To be repeated: in memory only, so that a copy of the disk does not have it (T73). */
  #lastBeat: string | undefined;
  #resealing: Promise<void> | undefined;
  #polling: Promise<void> | undefined;
  #status: AgentStatus;

  /** Throws when key, authority or pinned root are missing or unusable: connect again. */
  constructor(options: ConnectedAgentOptions) {
    const { environment, config } = options;
    this.#options = options;
    const files = connectionFiles(environment.root);
    const machineKey = requireKeyring(agentPaths(environment.root).certificates, config.vmId);
    const http = new HttpClient({
      origin: config.endpoint,
      authorities: config.ownAuthority ? readFileSync(files.authority, 'utf8') : undefined,
      proxy: followProxy(environment),
    });
    this.#http = http;
    const service = { http, endpoint: config.endpoint, tenantId: config.tenantId };
    const { principalId } = config;
    const keys: SigningKeys = {
      signingKeys: () => machineKey.signingKeys(),
      accepted: (key) => {
        const renewed = machineKey.accepted(key);
        if (renewed) this.#resealing = this.#reseal();
        return renewed;
      },
    };
    const tokens = new MachineTokens(service, principalId, keys, environment);
    const principal = (): MachinePrincipal => ({ principalId, privateKey: machineKey.privateKey });
    this.#resourceTokens = new ResourceTokens(service, principal, environment);
    this.#api = agentApi({ http, tokens, endpoint: config.endpoint, vmId: config.vmId });
    const log = fileLog(join(agentPaths(environment.root).logs, 'himds.log'), environment);
    this.#machineKey = machineKey;
    this.#renewal = new KeyRenewal({ keyring: machineKey, api: this.#api, tokens, environment, log });
    const host = extensionHost(environment, options.program);
    const journal = new Journal(journalPath(environment.root));
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
        machineKey,
        catalog: onceOpened(() => openMachineCatalog(config, http, environment)),
        only: config.privateLinkScopeResourceId === undefined ? undefined : config.endpoint,
        packageUrls: async (entry, signal) => packageUrlsOf(await this.#api.goalState(signal), entry),
      },
      hosting: () => hostingOf(readControls(environment)),
      permit: permitOf({ machine: config.resourceName, readControls: () => readControls(environment) }),
    });
    this.#watch = new ExtensionWatch({
      host,
      journal,
      reporter: this.#reporter,
      events: fileLog(join(host.paths.managerLogs, 'extension_events.log'), environment),
      machineKey: () => machineKey,
    });
    this.#catalogWatch = new CatalogWatch({ environment, program: options.program, log: host.log });
    this.#status = { ...emptyStatus(config), extensionLimits: describeMechanism(mechanismOf(environment)) };
    this.#heartbeat = new HeartbeatLoop({
      log,
      holdSeconds,
      content: (hold) => this.#content(hold),
      send: (request, signal) => this.#beat(request, signal),
      heard: (response, signal) => this.#heard(response, signal),
      random: Math.random,
      monotonic: () => environment.monotonic(),
    });
  }

  start(): void {
    this.#manager.start();
    this.#reporter.flush();
    this.#heartbeat.start();
    this.#watch.start();
    this.#catalogWatch.start();
    this.#polling = this.#pollSlowly();
    this.#resealing = this.#reseal();
  }

  /** What programs on this machine may ask tokens of. */
  identity(): MachineIdentity {
    const { principalId, resourceId } = this.#options.config;
    return {
      principalId,
      resourceId,
      token: (resource, fresh, signal) => this.#resourceTokens.get(resource, fresh, signal),
    };
  }

  /** The local controls have changed: what is in force is told to the centre, and what waits is planned anew. */
  controlsChanged(): void {
    this.#heartbeat.wake();
    this.#manager.controlsChanged();
  }

  /** Ends operations where they are, for the machine's administrator; says on which resources. Undefined means all. */
  cancel(wanted: string | undefined): readonly string[] {
    return this.#manager.cancel(wanted);
  }

  /** Ends everything; running commands of handlers are ended and taken up again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([
      this.#heartbeat.stop(),
      this.#manager.stop(),
      this.#watch.stop(),
      this.#catalogWatch.stop(),
      this.#polling,
      this.#resealing,
    ]);
    await this.#renewal.idle();
    await this.#reporter.stop();
    this.#http.close();
  }

  #content(hold: number): HeartbeatRequest {
    const reading = readControls(this.#options.environment);
    const agentConfiguration = agentConfigurationOf(reading);
    const enabled = agentConfiguration.extensionsEnabled === 'true';
    return {
      agentVersion,
      ...(this.#lastBeat === undefined ? {} : { beat: this.#lastBeat }),
      generation: this.#generation,
      holdSeconds: hold,
      agentConfiguration,
      serviceStatuses: {
        extensionService: { status: enabled ? 'active' : 'inactive', startupType: enabled ? 'enabled' : 'disabled' },
        // This agent has no guest configuration service yet.
        guestConfigurationService: { status: 'inactive', startupType: 'disabled' },
      },
      system: systemFacts(),
    };
  }

  async #beat(request: HeartbeatRequest, signal: AbortSignal): ReturnType<AgentApi['heartbeat']> {
    try {
      const response = await this.#api.heartbeat(request, signal);
      this.#lastBeat = response.beat;
      const told = response.key === undefined ? {} : { keyExpires: response.key.expiresAt };
      this.#tell({ lastHeartbeat: this.#time(), errorCode: '', errorDetails: '', errorTime: '', ...told });
      // Whatever could not be told before can be now.
      this.#reporter.flush();
      return response;
    } catch (error) {
      if (!signal.aborted) {
        const errorCode = error instanceof CodedError ? error.code : 'Unknown';
        this.#tell({ errorCode, errorDetails: messageOf(error), errorTime: this.#time() });
      }
      throw error;
    }
  }

  async #heard({ generation, key }: HeartbeatResponse, signal: AbortSignal): Promise<void> {
    if (key?.renew === true) this.#renewal.begin(this.#stop.signal);
    if (generation !== this.#generation) await this.#fetchGoal(signal);
  }

  /** What is kept sealed for an earlier key is sealed for the one of now; tried again with the next start. */
  async #reseal(): Promise<void> {
    const { environment } = this.#options;
    try {
      await resealStoredSettings(agentPaths(environment.root), this.#machineKey);
    } catch {
      // The earlier key still opens it; it stays until the next renewal.
    }
  }

  async #fetchGoal(signal: AbortSignal): Promise<void> {
    const goal = await this.#api.goalState(signal);
    this.#generation = goal.generation;
    this.#manager.want(goal);
  }

  async #pollSlowly(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await sleep(slowPollMilliseconds, signal);
      if (signal.aborted) return;
      try {
        await this.#fetchGoal(signal);
      } catch {
        // The heartbeat meets the same trouble and tells of it.
      }
    }
  }

  #tell(change: Partial<AgentStatus>): void {
    this.#status = { ...this.#status, ...change };
    try {
      writeAgentStatus(this.#options.environment.root, this.#status);
    } catch {
      // Only shown; a full disk must not stop the heartbeat.
    }
  }

  #time(): string {
    return new Date(this.#options.environment.now()).toISOString();
  }
}

function emptyStatus(config: AgentConfig): AgentStatus {
  return { format: 1, vmId: config.vmId, lastHeartbeat: '', errorCode: '', errorDetails: '', errorTime: '' };
}

function requireKeyring(certificates: string, vmId: string): MachineKeyring {
  const keyring = MachineKeyring.read(certificates, vmId);
  if (keyring !== undefined) return keyring;
  const message = `The machine's key in ${certificates} is missing: disconnect and connect again.`;
  throw new CodedError('MachineKeyMissing', message);
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
