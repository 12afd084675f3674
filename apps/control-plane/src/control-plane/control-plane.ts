/** One control plane, from its configuration to its end: what is opened, what is served, what is repeated, how it ends. */
import { setTimeout as pause } from 'node:timers/promises';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { keepActivityLog } from '../activity-log/keep-log.ts';
import { createDispatcher, type Dispatcher } from '../arm/dispatcher.ts';
import { createRegistry } from '../arm/registry.ts';
import type { Configuration } from '../configuration.ts';
import { createDeployments } from '../deployments/start-deployment.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../http/log.ts';
import { endpointOf, type Endpoint } from '../identity/endpoint.ts';
import { createTokenVerifier, type TokenVerifier } from '../identity/token-verifier.ts';
import { createOutbound } from '../outbound/outbound.ts';
import { outboundRule } from '../outbound/outbound-rule.ts';
import { createHeartbeatWriter } from '../machines/heartbeat-writer.ts';
import { resourceTypes } from '../providers/index.ts';
import type { Services } from '../services.ts';
import { writeOperatorFile } from '../state/first-identities.ts';
import { publicUrlOf, servicesNamed } from './addresses.ts';
import { openFrontDoor, type FrontDoor } from './front-door.ts';
import { openServices } from './open-services.ts';
import { openState, type OpenState } from './open-state.ts';
import { startOwnWork } from './own-work.ts';
import { readinessAnswer } from './readiness-answer.ts';
import { answersOf } from './routes.ts';
import { openSessionTickets, type SessionTickets } from './session-tickets.ts';
import { startMonitoring, type Monitoring } from './watch-over.ts';

export interface ControlPlane {
  readonly endpoint: Endpoint;
  /** Where it listens, whatever clients are told. */
  readonly port: number;
  /** Where `/metrics` is, if anywhere. */
  readonly monitoringPort: number | undefined;
  /** Ends it: held heartbeats are answered, requests under way get ten seconds. */
  close(): Promise<void>;
}

/** Starts a control plane. Throws when the state directory, the database or an address cannot be used; then nothing stays open. */
export async function startControlPlane(
  configuration: Configuration,
  environment: Environment,
  log: Log,
): Promise<ControlPlane> {
  // Refused bodies are told what was expected where; without a language schemas only say "Invalid input". Values are never told.
  z.config(en());
  const state = await openState(configuration, environment);
  const outbound = createOutbound(outboundRule(configuration.outboundAllow, servicesNamed(configuration)));
  const monitoring = startMonitoring(configuration, environment, outbound, log);
  const tickets = openSessionTickets(environment, state.paths.ticketKeys);
  let door: FrontDoor | undefined;
  try {
    door = await openFrontDoor(configuration, state.tls, tickets.keys, monitoring.watching, log);
    const open = door;
    tickets.renewWith((keys) => open.useTicketKeys(keys));
    const endpoint = endpointOf(publicUrlOf(configuration, door.port), door.port, state.identities.tenantId);
    const tokens = createTokenVerifier(state.keys, endpoint);
    const services = await openServices(configuration, environment, state, { endpoint, tokens, outbound }, log);
    return await serve(configuration, { state, monitoring, tickets, door, tokens, services, log });
  } catch (error) {
    tickets.end();
    await door?.shut();
    await monitoring.close();
    await state.close();
    throw error;
  }
}

/** What is open. */
interface Opened {
  readonly state: OpenState;
  readonly monitoring: Monitoring;
  readonly tickets: SessionTickets;
  readonly door: FrontDoor;
  readonly tokens: TokenVerifier;
  readonly services: Services;
  readonly log: Log;
}

async function serve(configuration: Configuration, opened: Opened): Promise<ControlPlane> {
  const { state, monitoring, tickets, door, tokens, services, log } = opened;
  const { paths, store, identities, activityKey } = state;
  const dispatcher: Dispatcher = createDispatcher(services, (over, through) =>
    createRegistry(resourceTypes(over, through, deployments)),
  );
  const deployments = createDeployments(services, dispatcher);
  const ending = new AbortController();
  const readiness = readinessAnswer(services, paths.directory, ending.signal, log);
  const heartbeats = createHeartbeatWriter(store);
  door.answerWith(answersOf(configuration, services, { store, tokens, dispatcher, heartbeats }, readiness, log));
  const monitoringPort = await monitoring.listen(services, door.admission, readiness);
  writeOperatorFile(paths, { ...identities, endpoint: services.endpoint.url });
  const stopSealing = await keepActivityLog(services, paths, configuration, identities, activityKey, log);
  const stopOwnWork = await startOwnWork(services, state, dispatcher, deployments, log);
  const close = async (): Promise<void> => {
    ending.abort();
    door.drain();
    // What nobody asked for is begun no more: that is for those who stay, or for the next start.
    await Promise.all([stopOwnWork(), pause(configuration.drainSeconds * 1000)]);
    // Requests first: what they change is to be under the last checkpoint. Whoever is held is let go when nobody is let in any more:
    // a fleet that comes again at once goes to those who stay.
    const closed = door.close();
    services.doorbell.close();
    await closed;
    await heartbeats.close();
    await deployments.close();
    await stopSealing();
    tickets.leave();
    await state.close();
    await monitoring.close();
  };
  return { endpoint: services.endpoint, port: door.port, monitoringPort, close };
}
