/**
 * The local identity and metadata endpoint, as on an Arc machine: `http://127.0.0.1:40342` (arc-agent §8.8). It needs no
 * connection to be there; no decision of the agent depends on it, so whoever floods or takes it stops nothing else (T61, T62).
 */
import type { Socket } from 'node:net';
import { messageOf } from '@sallyport/model';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import { agentPaths, tokensDirectory } from '../platform/paths.ts';
import { sleep } from '../platform/sleep.ts';
import { Allowance } from './allowance.ts';
import { answerLocally, type LocalSources } from './answer-locally.ts';
import { Challenges } from './challenges.ts';
import { userListeningOn, userOfConnection } from './connection-owner.ts';
import { endpointPort } from './endpoint-port.ts';
import { writeEndpointStatus } from './endpoint-status.ts';
import { identityGroupNumber } from './himds-group.ts';
import { listenLocally, type Answer, type Arrived, type LocalServer } from './local-server.ts';
import { refusal } from './local-answer.ts';
import { refuseForeign } from './request-guard.ts';

export interface MetadataServiceOptions {
  readonly environment: Environment;
  readonly sources: LocalSources;
  readonly log: Log;
  /** For people who watch. */
  say(text: string): void;
}

/** How soon a port that was taken is asked for again. Milliseconds. */
const retryMilliseconds = 15_000;

/** Requests of one user; those whose user the kernel does not say share one allowance. */
const requestsOfUser = { burst: 40, perSecond: 10 };
/** How often the kernel is asked whose a connection is: its table can be long. */
const lookUps = { burst: 20, perSecond: 20 };

/** Holds the endpoint. */
export class MetadataService {
  readonly #options: MetadataServiceOptions;
  readonly #challenges: Challenges;
  readonly #requests = new Allowance<number | undefined>(requestsOfUser);
  readonly #lookUps = new Allowance<'all'>(lookUps);
  /** Whose a connection is does not change while it lasts. */
  readonly #users = new WeakMap<Socket, Promise<number | undefined>>();
  readonly #port: number;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #problem = '';

  /** Throws AZCM0023 when the port that the environment names is none. */
  constructor(options: MetadataServiceOptions) {
    const { environment } = options;
    this.#options = options;
    this.#port = endpointPort(environment);
    this.#challenges = new Challenges({
      directory: agentPaths(environment.root).tokens,
      shownDirectory: tokensDirectory,
      group: environment.uid === 0 ? identityGroupNumber() : undefined,
      guid: () => environment.guid(),
      monotonic: () => environment.monotonic(),
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#challenges.clear();
    writeEndpointStatus(this.#options.environment.root, { url: '', problem: '' });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const servers = new Map<'127.0.0.1' | '::1', LocalServer>();
    let port = this.#port;
    while (!signal.aborted) {
      const problems: string[] = [];
      for (const host of ['127.0.0.1', '::1'] as const) {
        if (servers.has(host)) continue;
        try {
          const server = await listenLocally(host, port, this.#answer);
          servers.set(host, server);
          port = server.port;
        } catch (error) {
          // A machine without IPv6 has no second address that anybody could take.
          if (!hasNoAddress(error)) problems.push(await problemOf(host, port, error));
        }
      }
      this.#tell(servers.has('127.0.0.1') ? `http://127.0.0.1:${port}` : '', problems.join(' '));
      if (problems.length === 0) break;
      await sleep(retryMilliseconds, signal);
    }
    await aborted(signal);
    await Promise.all([...servers.values()].map((server) => server.close()));
  }

  readonly #answer: Answer = async (arrived) => {
    const { environment, sources, log } = this.#options;
    const foreign = refuseForeign(arrived, arrived.ends.serverPort);
    if (foreign !== undefined) return foreign;
    const user = await this.#userOf(arrived);
    if (!this.#requests.admits(user, environment.monotonic())) {
      const text = 'Too many requests of this user; ask again in a second.';
      return { ...refusal(429, 'too_many_requests', text), headers: { 'retry-after': '1' } };
    }
    try {
      return await answerLocally(arrived, user, this.#challenges, sources, this.#stop.signal);
    } catch (error) {
      log('error', 'the local endpoint could not answer', { error: messageOf(error) });
      return refusal(500, 'server_error', `The agent could not answer: ${messageOf(error)}`);
    }
  };

  #userOf({ socket, ends }: Arrived): Promise<number | undefined> {
    const known = this.#users.get(socket);
    if (known !== undefined) return known;
    const asked = this.#lookUps.admits('all', this.#options.environment.monotonic())
      ? userOfConnection(ends)
      : Promise.resolve(undefined);
    this.#users.set(socket, asked);
    return asked;
  }

  #tell(url: string, problem: string): void {
    const { environment, log } = this.#options;
    writeEndpointStatus(environment.root, { url, problem });
    if (problem !== this.#problem && problem !== '') {
      log('error', 'the local endpoint cannot listen', { problem });
      this.#options.say(problem);
    }
    this.#problem = problem;
    if (problem === '') log('info', 'the local endpoint listens', { url });
  }
}

function hasNoAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
}

/** T61: another program may have taken the port to pass for this endpoint; who it is, is told. */
async function problemOf(host: string, port: number, error: unknown): Promise<string> {
  const address = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) {
    return `The local identity endpoint cannot listen on ${address}: ${messageOf(error)}.`;
  }
  const user = await userListeningOn(port);
  const whose = user === undefined ? 'another program' : `a program of user ${user}`;
  return `The local identity endpoint is not available: ${address} is taken by ${whose}. End that program (ss -ltnp shows it); the agent tries again every ${retryMilliseconds / 1000} seconds.`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
