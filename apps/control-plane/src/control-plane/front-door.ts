/** Where every request comes in: watched, and asked to come again while the process cannot keep up. */
import type { Configuration } from '../configuration.ts';
import { createAdmission, overloaded, type Admission } from '../http/admission.ts';
import type { Log } from '../http/log.ts';
import { jsonAnswer, responseOf, type PlainAnswer, type PlainRoutes } from '../http/plain-request.ts';
import { listenForClients, type RunningServer } from '../http/server.ts';
import { requestKind, type RequestKind } from '../monitoring/request-kind.ts';
import { watched, type Watching } from '../monitoring/watched-requests.ts';
import { ticketSeconds } from '../state/ticket-keys.ts';
import type { TlsFiles } from '../state/tls-files.ts';
import { failureAnswer } from './failure-answer.ts';

/** What answers once everything is open. */
export interface Answering {
  /** Asked first; what it does not know is for the routes. */
  readonly plain: PlainRoutes;
  routes(request: Request, clientIpAddress: string): Response | Promise<Response>;
}

export interface FrontDoor {
  readonly port: number;
  readonly admission: Admission;
  /** Before this whoever comes is asked to come again. */
  answerWith(answering: Answering): void;
  /** From now on each answer ends its connection. */
  drain(): void;
  /** Session tickets are sealed with these from now on. */
  useTicketKeys(keys: Buffer): void;
  /** Lets requests under way end. */
  close(): Promise<void>;
  /** Lets nobody in any more, and waits for nobody. */
  shut(): Promise<void>;
}

/** How long requests under way may take once it is to end; whoever is held is answered at once. */
const underWayMilliseconds = 10_000;

/** Listens, so that the port is known before what answers is made. Throws when an address cannot be had. */
export async function openFrontDoor(
  configuration: Configuration,
  { certificatePem, keyPem }: TlsFiles,
  ticketKeys: Buffer,
  watching: Watching,
  log: Log,
): Promise<FrontDoor> {
  const { host, port, proxySocket, overloadMilliseconds } = configuration;
  const admission = createAdmission(overloadMilliseconds, Math.random);
  let answering: Answering | undefined;
  const server: RunningServer = await listenForClients({
    host,
    port,
    certificatePem,
    keyPem,
    ticketKeys,
    ticketSeconds,
    proxySocket,
    plain: (method, path) => answering?.plain(method, path),
    answer: ({ kind, answer }, request) => {
      const { method, path } = request;
      const traceparent = request.header('traceparent');
      return watched(
        watching,
        { method, kind, path, traceparent },
        () => refusedWhileOverloaded(admission, kind) ?? answer(request),
      );
    },
    failed: (error) => failureAnswer(error, log),
    broken: ({ code, message }) => log.warn({ msg: 'the channel of an agent was cut', code, reason: message }),
    fetch: (request, clientIpAddress) => {
      const ready = answering;
      if (ready === undefined) return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
      const { method, url, headers } = request;
      const traceparent = headers.get('traceparent') ?? undefined;
      const path = new URL(url).pathname;
      const kind = requestKind(path);
      return watched(watching, { method, kind, path, traceparent }, () => {
        const refused = refusedWhileOverloaded(admission, kind);
        return refused === undefined ? ready.routes(request, clientIpAddress) : responseOf(refused);
      });
    },
  });
  const close = async (milliseconds: number): Promise<void> => {
    await server.close(milliseconds);
    admission.end();
  };
  return {
    port: server.port,
    admission,
    answerWith: (ready) => {
      answering = ready;
    },
    drain: () => server.drain(),
    useTicketKeys: (keys) => server.useTicketKeys(keys),
    close: () => close(underWayMilliseconds),
    shut: () => close(0),
  };
}

/** Nobody is looked at more closely before: it costs next to nothing to say. */
function refusedWhileOverloaded(admission: Admission, kind: RequestKind): PlainAnswer | undefined {
  const seconds = admission.refusal(kind);
  if (seconds === undefined) return undefined;
  return jsonAnswer(overloaded.body, overloaded.status, { 'retry-after': String(seconds) });
}
