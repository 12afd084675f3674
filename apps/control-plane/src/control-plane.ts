/** Puts a control plane together from its configuration and starts it. */
import { chmodSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@sallyport/model';
import { Hono } from 'hono';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { keepActivityLog } from './activity-log/keep-log.ts';
import { createArmFront } from './arm/pipeline.ts';
import { createDispatcher, type Dispatcher } from './arm/dispatcher.ts';
import { createRegistry } from './arm/registry.ts';
import { createRequestLimits } from './arm/request-limits.ts';
import { lookAtUpgrades } from './automatic-upgrade/automatic-upgrades.ts';
import { proposeThrough } from './automatic-upgrade/propose-upgrade.ts';
import type { Configuration } from './configuration.ts';
import { createDeployments } from './deployments/start-deployment.ts';
import { endInterrupted } from './deployments/deployment-store.ts';
import type { Environment } from './environment.ts';
import { startCatalogWatch } from './gallery/catalog-watch.ts';
import { folderCatalogSource, noCatalog } from './gallery/folder-catalog-source.ts';
import { addGalleryRoutes } from './gallery/gallery-routes.ts';
import { openPackageStorage } from './gallery/package-storage.ts';
import type { Log } from './http/log.ts';
import { createAdmission, overloaded, type Admission } from './http/admission.ts';
import { listenForClients, type RunningServer } from './http/server.ts';
import { jsonAnswer, type PlainAnswer, type PlainRoutes } from './http/plain-request.ts';
import { createAuthenticator } from './identity/authenticate.ts';
import { createClientAuthentication } from './identity/credentials/client-authentication.ts';
import { endpointOf, type Endpoint } from './identity/endpoint.ts';
import { addIdentityRoutes } from './identity/identity-routes.ts';
import { metadataEndpoints } from './identity/metadata-endpoints.ts';
import { createMachineAuthenticator } from './identity/machine-authentication.ts';
import { createSigningKeyText, readSigningKey, type SigningKey } from './identity/signing-key.ts';
import { addSignInRoutes } from './identity/people/pages/sign-in-routes.ts';
import { createIdentityProviders } from './identity/providers/identity-providers.ts';
import { openSigningKeys, type SigningKeys } from './identity/signing-keys.ts';
import { createTokenService } from './identity/token-service.ts';
import { createTokenVerifier } from './identity/token-verifier.ts';
import { createAgentApi } from './machines/agent-api.ts';
import { createDoorbell } from './machines/doorbell.ts';
import { createHeartbeatRecorder } from './machines/heartbeat-recorder.ts';
import { quarantineForked } from './machines/quarantine.ts';
import { sweepOperations } from './machines/sweep.ts';
import { resourceTypes } from './providers/index.ts';
import { createOutbound } from './outbound/outbound.ts';
import { outboundRule } from './outbound/outbound-rule.ts';
import { repeatWork } from './repeated-work.ts';
import { startScanning } from './policy/scan/scan.ts';
import { createShownResources } from './policy/shown-resources.ts';
import type { Services } from './services.ts';
import { firstIdentities, writeOperatorFile, type Identities } from './state/first-identities.ts';
import { readIfThere } from './state/read-if-there.ts';
import { adoptSharedFiles, shareFiles } from './state/shared-files.ts';
import { lockState } from './state/state-lock.ts';
import { statePaths, type StatePaths } from './state/state-paths.ts';
import { tlsFiles, type TlsFiles } from './state/tls-files.ts';
import { addStoredMetrics, processMetrics } from './monitoring/control-plane-metrics.ts';
import { drawnAhead } from './monitoring/drawn-ahead.ts';
import { listenForMonitoring } from './monitoring/monitoring-server.ts';
import { readinessOf, type Readiness } from './monitoring/readiness.ts';
import { recent } from './monitoring/recent.ts';
import type { RequestKind } from './monitoring/request-kind.ts';
import { createSpanExporter } from './monitoring/span-exporter.ts';
import { watched, type Watching } from './monitoring/watched-requests.ts';
import { controlPlaneVersion } from './version.ts';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
import { withGuardedChanges } from './store/guarded-changes.ts';
import { openStore, type Store } from './store/store.ts';
import { storeRetrySeconds, StoreUnavailable } from './store/store-unavailable.ts';

export interface ControlPlane {
  readonly endpoint: Endpoint;
  /** Where it listens, whatever clients are told. */
  readonly port: number;
  /** Where `/metrics` is, if anywhere. */
  readonly monitoringPort: number | undefined;
  /** Ends it: held heartbeats are answered, requests under way get ten seconds. */
  close(): Promise<void>;
}

/** How long requests under way may take once it is to end; whoever is held is answered at once. */
const underWayMilliseconds = 10_000;
/** How long an answer of the checks holds for others who ask. */
const readinessMilliseconds = 1_000;
/** How often deadlines are looked at. The first look is at the start, so that deadlines outlive a crash. */
const sweepMilliseconds = 5_000;
/** How often it is looked at what is to be upgraded by itself. */
const upgradeMilliseconds = 15_000;
/** How soon policy looks at what has changed. */
const scanMilliseconds = 1_000;

/** Starts a control plane. Throws when the state directory, the database or the address cannot be used. */
export async function startControlPlane(
  configuration: Configuration,
  environment: Environment,
  log: Log,
): Promise<ControlPlane> {
  // Refused bodies are told what was expected where; without a language schemas only say "Invalid input". Values are never told.
  z.config(en());
  const paths = statePaths(configuration.state);
  makeDirectories(paths.directory, 0o700);
  chmodSync(paths.directory, 0o700);
  const release = lockState(paths.lock);
  let store: Store | undefined;
  try {
    store = await openStore(paths.directory, configuration.postgres);
    return await run(configuration, environment, log, paths, store, release);
  } catch (error) {
    await store?.close();
    release();
    throw error;
  }
}

async function run(
  configuration: Configuration,
  environment: Environment,
  log: Log,
  paths: StatePaths,
  store: Store,
  release: () => void,
): Promise<ControlPlane> {
  const { identities, keys, tls } = await store.alone('start', () => prepare(configuration, environment, paths, store));
  const outbound = createOutbound(outboundRule(configuration.outboundAllow, servicesNamed(configuration)));
  const identityProviders = createIdentityProviders(configuration.identityProviders, outbound, () => environment.now());
  const ending = new AbortController();
  const monitoring = processMetrics();
  const spans =
    configuration.tracesUrl === undefined
      ? undefined
      : createSpanExporter(configuration.tracesUrl, controlPlaneVersion, outbound, log);
  const watching: Watching = {
    requests: monitoring.requests,
    spans,
    randomBytes: drawnAhead((length) => environment.randomBytes(length)),
  };
  const admission = createAdmission(configuration.overloadMilliseconds, Math.random);
  let app: Hono | undefined;
  let plain: PlainRoutes | undefined;
  let arm: ((request: Request, clientIpAddress: string) => Promise<Response>) | undefined;
  const server = await listenForClients({
    host: configuration.host,
    port: configuration.port,
    certificatePem: tls.certificatePem,
    keyPem: tls.keyPem,
    proxySocket: configuration.proxySocket,
    plain: (request) => {
      const { method, path: target } = request;
      const answer = plain?.(request);
      if (answer === undefined) return undefined;
      return () =>
        watched(
          watching,
          { method, target, traceparent: request.header('traceparent') },
          (kind) => refusedWhileOverloaded(admission, kind) ?? answer(),
        );
    },
    failed: (error) => failure(error, log),
    fetch: (request, clientIpAddress) => {
      const ready = app;
      if (ready === undefined) return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
      const { method, url, headers } = request;
      const traceparent = headers.get('traceparent') ?? undefined;
      const target = new URL(url).pathname;
      return watched(watching, { method, target, traceparent }, (kind) => {
        const refused = refusedWhileOverloaded(admission, kind);
        return refused === undefined ? ready.fetch(request, { clientIpAddress }) : responseOf(refused);
      });
    },
  });
  const endpoint = endpointOf(publicUrl(configuration, server.port), server.port, identities.tenantId);
  const tokens = createTokenVerifier(keys, endpoint);
  const { gallery } = configuration;
  const packages = gallery === undefined ? undefined : openPackageStorage(gallery, () => performance.now(), log);
  const services: Services = {
    environment,
    store: withGuardedChanges(store),
    endpoint,
    authenticator: createAuthenticator(environment, store, tokens, identityProviders, endpoint),
    signingKeys: keys,
    identityProviders,
    doorbell: await createDoorbell(store.bells),
    catalog:
      gallery === undefined || packages === undefined
        ? noCatalog()
        : folderCatalogSource({
            gallery,
            directory: paths.catalog,
            storage: packages,
            now: () => environment.now(),
          }),
    packages,
    pageSize: configuration.pageSize,
  };
  const dispatcher: Dispatcher = createDispatcher(services, (over, through) =>
    createRegistry(resourceTypes(over, through, deployments)),
  );
  const deployments = createDeployments(services, dispatcher);
  const { registry } = dispatcher;
  const rates = { reads: configuration.readsPerSecond, writes: configuration.writesPerSecond };
  arm = createArmFront(services, dispatcher, createRequestLimits(environment, rates), log);
  const checked = recent(readinessMilliseconds, () => readinessOf(services, paths.directory, log));
  const readiness = (): Promise<ReadinessAnswer> => answerReadiness(checked, ending.signal);
  app = routes(configuration, services, arm, log, readiness);
  const agentApi = createAgentApi(
    services,
    createMachineAuthenticator(environment, store, tokens),
    createHeartbeatRecorder(environment, store),
  );
  plain = (request) => (request.path === '/healthz' && request.method === 'GET' ? healthy : agentApi(request));
  addStoredMetrics(monitoring.metrics, services);
  monitoring.metrics.collected(
    'sallyport_admitted_share',
    'gauge',
    'Which share of requests that can wait is let in; less than 1 while the process cannot keep up.',
    () => Promise.resolve([{ labels: {}, value: admission.share() }]),
  );
  monitoring.metrics.collected('sallyport_trace_spans_dropped_total', 'counter', 'Spans that no collector took.', () =>
    Promise.resolve(spans === undefined ? [] : [{ labels: {}, value: spans.dropped() }]),
  );
  const monitoringServer =
    configuration.metricsPort === undefined
      ? undefined
      : await listenForMonitoring(configuration.metricsHost, configuration.metricsPort, {
          metrics: () => monitoring.metrics.text(),
          readiness,
        });
  writeOperatorFile(paths, { ...identities, endpoint: endpoint.url });
  const activityKey = await keyOf(paths.activityKey);
  const stopSealing = await keepActivityLog(services, paths, configuration, identities, activityKey, log);
  const stopSweeping = await startSweeping(services, log);
  const stopUpgrading = startUpgrading(services, dispatcher, log);
  const { tenantId, subscriptionId } = identities;
  const stopWatching = startCatalogWatch({
    environment,
    store,
    catalog: services.catalog,
    tenantId,
    subscriptionId,
    log,
  });
  const resources = createShownResources(services, registry);
  const scanner = { services, resources, deployments, dispatcher, log, heartbeatsUntil: environment.now() };
  const stopScanning = startScanning(scanner, scanMilliseconds);
  const end = async (): Promise<void> => {
    ending.abort();
    server.drain();
    services.doorbell.close();
    // What nobody asked for is begun no more: that is for those who stay, or for the next start.
    const ownWork = Promise.all([stopScanning(), stopWatching(), stopUpgrading(), stopSweeping()]);
    await Promise.all([ownWork, pause(configuration.drainSeconds * 1000)]);
    await close(services, server, [() => deployments.close(), stopSealing], release);
    await monitoringServer?.close();
    await spans?.close();
    monitoring.end();
    admission.end();
  };
  return { endpoint, port: server.port, monitoringPort: monitoringServer?.port, close: end };
}

interface Prepared {
  readonly identities: Identities;
  readonly keys: SigningKeys;
  readonly tls: TlsFiles;
}

/** Finds or makes what has to be there before anybody is answered. Control planes that start at once on one database take turns. */
async function prepare(
  configuration: Configuration,
  environment: Environment,
  paths: StatePaths,
  store: Store,
): Promise<Prepared> {
  const shared = configuration.postgres !== undefined;
  if (shared) await adoptSharedFiles(store.read, paths);
  const identities = await firstIdentities(environment, store, paths);
  const keyFile = {
    read: () => readIfThere(paths.signingKey),
    write: (text: string) => writeDurably(paths.signingKey, text, 0o600),
  };
  const keys = await openSigningKeys(environment, store, keyFile, identities.tenantId);
  await keyOf(paths.activityKey);
  const tls = await tlsFiles(paths, certificateNames(configuration), environment.now());
  if (shared) await shareFiles(environment, store, paths);
  return { identities, keys, tls };
}

function routes(
  configuration: Configuration,
  services: Services,
  arm: (request: Request, clientIpAddress: string) => Promise<Response>,
  log: Log,
  readiness: () => Promise<ReadinessAnswer>,
): Hono {
  const { environment, store, endpoint } = services;
  const app = new Hono({ strict: false });
  app.onError((error) => {
    return responseOf(failure(error, log));
  });
  app.get('/readyz', async () => {
    const { status, body } = await readiness();
    return Response.json(body, { status });
  });
  app.get('/metadata/endpoints', (c) =>
    c.json(metadataEndpoints(endpoint, c.req.query('api-version') ?? '') as object),
  );
  const { signingKeys, identityProviders } = services;
  const authenticate = createClientAuthentication(environment, store, identityProviders, endpoint);
  const tokens = createTokenService(environment, store, signingKeys, authenticate, endpoint);
  addIdentityRoutes(app, environment, tokens, signingKeys, endpoint, log);
  addSignInRoutes(app, environment, store, endpoint, log);
  addGalleryRoutes(app, configuration.gallery, services.packages, log);
  app.all('*', (c) => arm(c.req.raw, (c.env as { readonly clientIpAddress: string }).clientIpAddress));
  return app;
}

/** Nobody is looked at more closely before: it costs next to nothing to say. */
function refusedWhileOverloaded(admission: Admission, kind: RequestKind): PlainAnswer | undefined {
  const seconds = admission.refusal(kind);
  if (seconds === undefined) return undefined;
  return jsonAnswer(overloaded.body, overloaded.status, { 'retry-after': String(seconds) });
}

function responseOf({ status, headers, body }: PlainAnswer): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
}

interface ReadinessAnswer {
  readonly status: 200 | 503;
  readonly body: unknown;
}

/** For whoever sends clients here: no while it is about to end, or while it cannot do its work. */
async function answerReadiness(checked: () => Promise<Readiness>, ending: AbortSignal): Promise<ReadinessAnswer> {
  if (ending.aborted) return { status: 503, body: { status: 'ending' } };
  const { ready, checks } = await checked();
  return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not ready', checks } };
}

/** It listens, and that is all this says. */
const healthy = (): Promise<PlainAnswer> => Promise.resolve(jsonAnswer({ status: 'ok' }));

/**
 * For agents and sign-in; ARM says it in its own envelope. When the database is away nothing was done, and asking again is all there
 * is to do.
 */
function failure(error: unknown, log: Log): PlainAnswer {
  if (error instanceof StoreUnavailable) {
    const { message, cause } = error;
    log.warn({ msg: 'the database cannot be reached', reason: messageOf(cause) });
    const headers = { 'retry-after': String(storeRetrySeconds) };
    return jsonAnswer({ error: { code: 'ServiceUnavailable', message } }, 503, headers);
  }
  log.error({
    msg: 'unexpected failure',
    reason: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  const message = 'The control plane failed in a way it does not know. Its log has the details.';
  return jsonAnswer({ error: { code: 'InternalServerError', message } }, 500);
}

async function startSweeping(services: Services, log: Log): Promise<() => Promise<void>> {
  const { environment, store, endpoint, doorbell } = services;
  const sweep = (): Promise<void> =>
    store.lead('sweep', async () => {
      for (const vmId of await sweepOperations(environment, store)) doorbell.ring(vmId);
      await endInterrupted(services, endpoint.tenantId);
      for (const vmId of await quarantineForked(environment, store, endpoint.tenantId)) doorbell.ring(vmId);
    });
  const failure = 'deadlines could not be looked at';
  await sweep().catch((error: unknown) => {
    log.error({ msg: `${failure}; trying again`, reason: messageOf(error) });
  });
  return repeatWork({ failure, everyMilliseconds: sweepMilliseconds, work: sweep }, log);
}

function startUpgrading(services: Services, dispatcher: Dispatcher, log: Log): () => Promise<void> {
  const propose = proposeThrough(services, dispatcher);
  const work = (): Promise<void> => services.store.lead('upgrade', () => lookAtUpgrades(services, propose, log));
  return repeatWork(
    { failure: 'automatic upgrades could not be looked at', everyMilliseconds: upgradeMilliseconds, work },
    log,
  );
}

async function close(
  { store }: Services,
  server: RunningServer,
  stops: readonly (() => Promise<void>)[],
  release: () => void,
): Promise<void> {
  // Requests first: what they change is to be under the last checkpoint.
  await server.close(underWayMilliseconds);
  for (const stop of stops) await stop();
  await store.close();
  release();
}

/** The services that the configuration says where they are. */
function servicesNamed({ identityProviders, tracesUrl }: Configuration): readonly URL[] {
  const named = identityProviders.map(({ issuer }) => new URL(issuer));
  return tracesUrl === undefined ? named : [...named, new URL(tracesUrl)];
}

async function keyOf(path: string): Promise<SigningKey> {
  let text = readIfThere(path);
  if (text === undefined) {
    text = await createSigningKeyText();
    writeDurably(path, text, 0o600);
  }
  return readSigningKey(text);
}

const everyAddress = new Set(['0.0.0.0', '::']);

function publicUrl({ publicUrl, host }: Configuration, port: number): string {
  if (publicUrl !== undefined) return publicUrl;
  const name = everyAddress.has(host) ? hostname() : host;
  return `https://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function certificateNames({ publicUrl, host }: Configuration): readonly [string, ...string[]] {
  const names: string[] = ['127.0.0.1', '::1'];
  names.push(everyAddress.has(host) ? hostname() : host);
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''));
  return ['localhost', ...new Set(names.filter((name) => name !== 'localhost'))];
}
