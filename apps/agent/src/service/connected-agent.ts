/**
 * What of the agent is resident while the machine is connected: heartbeat, tokens, the machine's key. Whatever is larger is a process that
 * ends (`ExtensionService`). `start()` and `stop()`, no more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentConfigurationOf, signersIn } from '@sallyport/local-controls';
import { CodedError, messageOf } from '@sallyport/model';
import type { HeartbeatRequest, HeartbeatResponse, SystemFacts } from '@sallyport/model/wire';
import { CatalogWatch } from '../catalog-watch/catalog-watch.ts';
import { readControls } from '../config/read-controls.ts';
import { connectionFiles, type AgentConfig } from '../connection/agent-config.ts';
import { agentApi, type AgentApi } from '../connection/agent-api.ts';
import { withTokens } from '../connection/agent-exchange.ts';
import { agentVersion } from '../connection/agent-version.ts';
import { ChannelWay } from '../connection/channel/channel-way.ts';
import { SilentWay, silentWayFile } from '../connection/channel/silent-way.ts';
import { HttpClient } from '../connection/http-client.ts';
import { KeyRenewal } from '../connection/key-renewal.ts';
import { requireKeyring } from '../connection/machine-keyring.ts';
import { agentApiAddress } from '../connection/plain-way.ts';
import { followProxy } from '../connection/proxy.ts';
import { rememberedFacts } from '../connection/system-facts.ts';
import { ResourceTokens } from '../connection/resource-tokens.ts';
import { MachineTokens, type MachinePrincipal, type SigningKeys } from '../connection/tokens.ts';
import type { MachineIdentity } from '../metadata-service/token-answer.ts';
import { describeMechanism, groupMechanism } from '../extensions/limits/group-mechanism.ts';
import { readGroupFacts } from '../extensions/limits/read-group-facts.ts';
import { HeartbeatLoop } from '../heartbeat/heartbeat-loop.ts';
import { ShortHeartbeats } from '../heartbeat/short-heartbeats.ts';
import type { Environment } from '../platform/environment.ts';
import { fileLog } from '../platform/log.ts';
import { agentPaths } from '../platform/paths.ts';
import { Statements } from '../statements/statements.ts';
import { writeAgentStatus, type AgentStatus } from './agent-status.ts';
import { ExtensionService } from './extension-service.ts';
import { giveBackMemorySoon } from './give-back-memory.ts';

export interface ConnectedAgentOptions {
  readonly environment: Environment;
  readonly config: AgentConfig;
  /** The file Node was started with, to start it again for whatever ends. */
  readonly program: string;
}

/** How long heartbeats are held: the first passes everywhere, as proxies cut what is silent for a minute; the others where they do. Seconds. */
const holds = [50, 100, 200, 300] as const;

/** Holds the services while the machine is connected as `config` says. */
export class ConnectedAgent {
  readonly #options: ConnectedAgentOptions;
  readonly #stop = new AbortController();
  readonly #http: HttpClient;
  readonly #way: ChannelWay;
  readonly #api: AgentApi;
  readonly #resourceTokens: ResourceTokens;
  readonly #extensions: ExtensionService;
  readonly #heartbeats: ShortHeartbeats;
  readonly #heartbeat: HeartbeatLoop;
  readonly #renewal: KeyRenewal;
  readonly #statements: Statements;
  readonly #catalogWatch: CatalogWatch;
  /** Of the goal state that is being worked on, or was; 0 while there is none. */
  #generation = 0;
  /** To be repeated: in memory only, so that a copy of the disk does not have it (T73). */
  #lastBeat: string | undefined;
  #status: AgentStatus;
  readonly #facts: () => SystemFacts;

  /** Throws when key or authority are missing or unusable: connect again. */
  constructor(options: ConnectedAgentOptions) {
    const { environment, config } = options;
    this.#options = options;
    this.#facts = rememberedFacts(() => environment.monotonic());
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
        if (renewed) this.#extensions.keyChanged();
        return renewed;
      },
    };
    const tokens = new MachineTokens(service, principalId, keys, environment);
    const principal = (): MachinePrincipal => ({ principalId, privateKey: machineKey.privateKey });
    this.#resourceTokens = new ResourceTokens(service, principal, environment);
    const log = fileLog(join(agentPaths(environment.root).logs, 'himds.log'), environment);
    const base = agentApiAddress(config.endpoint, config.vmId);
    const silentWay = new SilentWay({ path: silentWayFile(environment.root), log, now: () => environment.now() });
    this.#way = new ChannelWay({ http, base, log, silentWay, monotonic: () => environment.monotonic() });
    const exchanges = withTokens(tokens, this.#way.send);
    this.#api = agentApi(exchanges);
    this.#heartbeats = new ShortHeartbeats(
      (request, signal) => this.#api.heartbeat(request, signal),
      () => environment.monotonic(),
    );
    this.#renewal = new KeyRenewal({ keyring: machineKey, api: this.#api, tokens, environment, log });
    const { resourceId } = config;
    this.#statements = new Statements({ keyring: machineKey, resourceId, api: this.#api, environment, log });
    this.#extensions = new ExtensionService({
      program: options.program,
      log,
      exchanges,
      begun: () => {
        this.#generation = 0;
        this.#heartbeat.wake();
      },
    });
    this.#catalogWatch = new CatalogWatch({
      environment,
      program: options.program,
      log: fileLog(join(agentPaths(environment.root).managerLogs, 'gc_ext.log'), environment),
    });
    const mechanism = groupMechanism(readGroupFacts(environment.uid));
    this.#status = { ...emptyStatus(config), extensionLimits: describeMechanism(mechanism) };
    this.#heartbeat = new HeartbeatLoop({
      log,
      holds,
      content: (hold) => this.#content(hold),
      send: (request, signal) => this.#beat(request, signal),
      heard: (response) => this.#heard(response),
      random: Math.random,
      monotonic: () => environment.monotonic(),
    });
  }

  start(): void {
    this.#extensions.start();
    this.#heartbeat.start();
    this.#catalogWatch.start();
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
    this.#extensions.controlsChanged();
  }

  /** Ends operations where they are, for the machine's administrator; says on which resources. Undefined means all. */
  cancel(wanted: string | undefined): Promise<readonly string[]> {
    return this.#extensions.cancel(wanted);
  }

  /** Ends everything; running commands of handlers are ended and taken up again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#heartbeat.stop(), this.#extensions.stop(), this.#catalogWatch.stop()]);
    await Promise.all([this.#renewal.idle(), this.#statements.idle()]);
    this.#way.close();
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
      system: this.#facts(),
    };
  }

  async #beat(request: HeartbeatRequest, signal: AbortSignal): ReturnType<AgentApi['heartbeat']> {
    try {
      const response = await this.#heartbeats.send(request, signal);
      this.#lastBeat = response.beat;
      const { agentConfiguration } = request;
      const signers = signersIn(readControls(this.#options.environment));
      this.#statements.consider(
        { agentConfiguration, ...(signers === undefined ? {} : { signers }) },
        this.#stop.signal,
      );
      return response;
    } catch (error) {
      if (!signal.aborted) {
        const errorCode = error instanceof CodedError ? error.code : 'Unknown';
        this.#tell({ errorCode, errorDetails: messageOf(error), errorTime: this.#time() });
      }
      throw error;
    }
  }

  async #heard({ generation, key }: HeartbeatResponse): Promise<void> {
    if (key?.renew === true) this.#renewal.begin(this.#stop.signal);
    // First what an operation waits for; the rest is done while the manager works.
    const looking = generation === this.#generation ? undefined : this.#lookAtGoal();
    const told = key === undefined ? {} : { keyExpires: key.expiresAt };
    this.#tell({ lastHeartbeat: this.#time(), errorCode: '', errorDetails: '', errorTime: '', ...told });
    // Whatever could not be told before can be now.
    this.#extensions.connected();
    giveBackMemorySoon();
    await looking;
  }

  async #lookAtGoal(): Promise<void> {
    this.#generation = await this.#extensions.goal();
    giveBackMemorySoon();
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
