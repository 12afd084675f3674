/** What is served: the agent API without a router, and with one the token service, sign-in, the gallery, and ARM for all the rest. */
import { Hono } from 'hono';
import { newestCheckpoint } from '../activity-log/newest-checkpoint.ts';
import { createArmFront } from '../arm/pipeline.ts';
import type { Dispatcher } from '../arm/dispatcher.ts';
import { createRequestLimits } from '../arm/request-limits.ts';
import type { Configuration } from '../configuration.ts';
import { addGalleryRoutes } from '../gallery/gallery-routes.ts';
import type { Log } from '../http/log.ts';
import { jsonAnswer, responseOf, type PlainRoute } from '../http/plain-request.ts';
import { createClientAuthentication } from '../identity/credentials/client-authentication.ts';
import { addIdentityRoutes } from '../identity/identity-routes.ts';
import { createMachineAuthenticator } from '../identity/machine-authentication.ts';
import { metadataEndpoints } from '../identity/metadata-endpoints.ts';
import { addSignInRoutes } from '../identity/people/pages/sign-in-routes.ts';
import { createTokenService } from '../identity/token-service.ts';
import type { TokenVerifier } from '../identity/token-verifier.ts';
import { createAgentApi } from '../machines/agent-api.ts';
import { createHeartbeatRecorder } from '../machines/heartbeat-recorder.ts';
import type { HeartbeatWriter } from '../machines/heartbeat-writer.ts';
import type { Services } from '../services.ts';
import { statePaths } from '../state/state-paths.ts';
import type { Store } from '../store/store.ts';
import { failureAnswer } from './failure-answer.ts';
import type { Answering } from './front-door.ts';
import type { Readiness } from './readiness-answer.ts';

/** What answers the requests of clients and agents. Agents write to the store itself: conditions of ARM are not for them. */
export function answersOf(
  configuration: Configuration,
  services: Services,
  {
    store,
    tokens,
    dispatcher,
    heartbeats,
  }: {
    readonly store: Store;
    readonly tokens: TokenVerifier;
    readonly dispatcher: Dispatcher;
    readonly heartbeats: HeartbeatWriter;
  },
  readiness: Readiness,
  log: Log,
): Answering {
  const { environment } = services;
  const paths = statePaths(configuration.state);
  const agentApi = createAgentApi(
    services,
    createMachineAuthenticator(environment, store, tokens),
    createHeartbeatRecorder(environment, heartbeats),
    () => newestCheckpoint(paths.activityCheckpoints, paths.activityPublicKey),
  );
  const routes = routesOf(configuration, services, dispatcher, readiness, log);
  return {
    plain: (method, path) => (path === '/healthz' && method === 'GET' ? healthy : agentApi(method, path)),
    routes: (request, clientIpAddress) => routes.fetch(request, { clientIpAddress }),
  };
}

/** It listens, and that is all this says. */
const healthy: PlainRoute = { kind: 'health', largest: 0, answer: () => Promise.resolve(jsonAnswer({ status: 'ok' })) };

function routesOf(
  configuration: Configuration,
  services: Services,
  dispatcher: Dispatcher,
  readiness: Readiness,
  log: Log,
): Hono {
  const { environment, store, endpoint, signingKeys, identityProviders } = services;
  const app = new Hono({ strict: false });
  app.onError((error) => responseOf(failureAnswer(error, log)));
  app.get('/readyz', async () => {
    const { status, body } = await readiness();
    return Response.json(body, { status });
  });
  app.get('/metadata/endpoints', (c) =>
    c.json(metadataEndpoints(endpoint, c.req.query('api-version') ?? '') as object),
  );
  const authenticate = createClientAuthentication(environment, store, identityProviders, endpoint);
  const tokenService = createTokenService(environment, store, signingKeys, authenticate, endpoint);
  addIdentityRoutes(app, environment, tokenService, signingKeys, endpoint, log);
  addSignInRoutes(app, environment, store, endpoint, identityProviders, log);
  addGalleryRoutes(app, configuration.gallery, services.packages, log);
  const rates = { reads: configuration.readsPerSecond, writes: configuration.writesPerSecond };
  const arm = createArmFront(services, dispatcher, createRequestLimits(environment, rates), log);
  app.all('*', (c) => arm(c.req.raw, (c.env as { readonly clientIpAddress: string }).clientIpAddress));
  return app;
}
