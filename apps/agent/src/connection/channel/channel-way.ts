/** Requests to the agent API over a channel that stays, where the way lets one through; else as plain requests (decision 0214). */
import { channelProtocol } from '@sallyport/model/channel';
import type { Log } from '../../platform/log.ts';
import { unlessAborted } from '../../platform/unless-aborted.ts';
import type { AgentWay } from '../agent-exchange.ts';
import { HttpError, type HttpAnswer, type HttpClient } from '../http-client.ts';
import { plainWay } from '../plain-way.ts';
import { Channel } from './channel.ts';
import { ChannelTrial, type NoChannel } from './channel-trial.ts';
import { isFromAgentApi, isRefusal } from './control-plane-answer.ts';
import type { SilentWay } from './silent-way.ts';

export interface ChannelWayOptions {
  readonly http: HttpClient;
  /** As `agentApiAddress` gives it. */
  readonly base: string;
  readonly log: Log;
  readonly silentWay: SilentWay;
  monotonic(): number;
}

/** What is known of a way out. */
interface Known {
  readonly way: string;
  /** The same for whoever may read it: with where it leads, and without secrets. */
  readonly name: string;
  readonly trial: ChannelTrial;
}

/** How asking for a channel ended. */
type Opening =
  | { readonly kind: 'open'; readonly channel: Channel }
  /** The machine is told no, which is the answer to whatever it wanted to ask. */
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  /** There is no connection, and so none for a plain request either. */
  | { readonly kind: 'unreachable'; readonly error: HttpError }
  | None;

interface None {
  readonly kind: 'none';
  readonly how: NoChannel;
  /** Whether it was counted: once, however many have waited for it. */
  isCounted: boolean;
}

/** As long as small requests have: whoever has it by then has no more to connect with. */
const connectingMilliseconds = 30_000;
/** Something in between may swallow the request, and the machine waits that long before it does without. */
const answeringMilliseconds = 10_000;
const answerBytes = 64 * 1024;

/** What gateways say when nobody is behind them. */
const fromGateways: ReadonlySet<number> = new Set([502, 503, 504]);

/** A channel that is open, or is being opened for all who ask meanwhile. */
interface Current {
  readonly opening: Promise<Opening>;
  /** The way out that it took. */
  readonly way: string;
}

export class ChannelWay {
  readonly #options: ChannelWayOptions;
  readonly #plain: AgentWay;
  #known: Known | undefined;
  #current: Current | undefined;
  /** Of a channel that was granted, and over which nothing came: plain requests go first now, and tell what that says of the way. */
  #suspicion: None | undefined;

  constructor(options: ChannelWayOptions) {
    this.#options = options;
    this.#plain = plainWay(options.http, options.base);
  }

  /** Sends a request and gives its answer, whatever its status. Throws `HttpError`. */
  readonly send: AgentWay = async (exchange, token, signal) => {
    const answer = await this.#send(exchange, token, signal);
    if (answer !== 'ended') return answer;
    // Its channel ended before the request was there; one that ends as well is no chance any more.
    const again = await this.#send(exchange, token, signal);
    if (again !== 'ended') return again;
    const { host } = new URL(this.#options.base);
    throw new HttpError('Unreachable', `${host} cannot be reached: it closed the connection.`);
  };

  /** Ends the channel; whatever is under way fails. */
  close(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) void closeOnceOpen(current.opening);
  }

  async #send(...[exchange, token, signal]: Parameters<AgentWay>): Promise<HttpAnswer | 'ended'> {
    const known = this.#knownWay();
    if (!known.trial.mayTry(this.#options.monotonic())) return this.#plain(exchange, token, signal);
    const opening = this.#suspicion ?? (await unlessAborted(this.#opened(token, known), signal));
    if (opening.kind === 'answer') return opening.answer;
    if (opening.kind === 'unreachable') throw opening.error;
    if (opening.kind === 'open') {
      const answer = await opening.channel.exchange(exchange, token, signal);
      if (answer !== 'ended') this.#passed(known);
      return answer;
    }
    try {
      const answer = await this.#plain(exchange, token, signal);
      // An answer of the control plane to a plain request tells a way without channels from one that leads nowhere (T78).
      if (isFromAgentApi(answer) && !opening.isCounted) {
        opening.isCounted = true;
        this.#failed(known, opening.how);
      }
      return answer;
    } finally {
      if (this.#suspicion === opening) this.#suspicion = undefined;
    }
  }

  /** By another proxy it may be another story. */
  #knownWay(): Known {
    const { http, base, silentWay } = this.#options;
    const { way } = http;
    if (this.#known?.way === way) return this.#known;
    const name = `${base} ${http.shownWay}`;
    const { left, failures } = silentWay.known(name);
    this.#suspicion = undefined;
    const until = left === 0 ? 0 : this.#options.monotonic() + left;
    this.#known = { way, name, trial: new ChannelTrial({ until, failures }) };
    return this.#known;
  }

  #opened(token: string, known: Known): Promise<Opening> {
    if (this.#current !== undefined && this.#current.way !== known.way) this.close();
    this.#current ??= this.#begin(token, known);
    return this.#current.opening;
  }

  #begin(token: string, known: Known): Current {
    const leave = (): void => {
      if (this.#current === current) this.#current = undefined;
    };
    const opening = this.#ask(token, (how) => {
      leave();
      if (how !== undefined && this.#known === known) this.#suspicion = none(how);
    });
    const current: Current = { opening, way: known.way };
    void this.#leaveUnlessOpen(opening, leave);
    return current;
  }

  async #leaveUnlessOpen(opening: Promise<Opening>, leave: () => void): Promise<void> {
    const ended = await opening.catch(() => undefined);
    if (ended?.kind !== 'open') leave();
  }

  async #ask(token: string, over: (how: NoChannel | undefined) => void): Promise<Opening> {
    const { http, base, log } = this.#options;
    const url = new URL('channel', base);
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    try {
      const limits = { connectingMilliseconds, answeringMilliseconds };
      const got = await http.upgrade({ url, headers, protocol: channelProtocol, ...limits }, answerBytes);
      if ('unanswered' in got) return none(got.unanswered.code === 'TimedOut' ? 'silent' : 'cut');
      if ('answer' in got) {
        const { answer } = got;
        if (isRefusal(answer)) return { kind: 'answer', answer };
        return none(fromGateways.has(answer.status) ? 'away' : 'refused');
      }
      log('info', 'requests to the control plane go over a channel', { host: url.host });
      const monotonic = (): number => this.#options.monotonic();
      return { kind: 'open', channel: new Channel(got, { host: url.host, token, over, monotonic }) };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return { kind: 'unreachable', error };
    }
  }

  #passed({ trial, name }: Known): void {
    if (trial.failures > 0) this.#options.silentWay.forget(name);
    trial.passed();
  }

  #failed({ trial, name }: Known, how: NoChannel): void {
    const pause = trial.failed(how, this.#options.monotonic());
    if (pause === 0) return;
    // Whatever else stands against channels says so at once, and costs nothing to ask again after the next start.
    if (how === 'silent') this.#options.silentWay.keep(name, pause, trial.failures);
    this.#options.log('info', 'no channel passes on the way to the control plane; requests go one by one for a while', {
      how,
      minutes: Math.round(pause / 60_000),
    });
  }
}

function none(how: NoChannel): None {
  return { kind: 'none', how, isCounted: false };
}

async function closeOnceOpen(opening: Promise<Opening>): Promise<void> {
  const ended = await opening.catch(() => undefined);
  if (ended?.kind === 'open') ended.channel.close();
}
