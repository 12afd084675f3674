/** A request that came over a channel. To what answers it, it is like any other. */
import type { ChannelRequestName } from '@sallyport/model/channel';
import type { PresentedToken } from '../../identity/presented-token.ts';
import type { PlainRequest } from '../plain-request.ts';

const methods = { heartbeat: 'POST', 'goal-state': 'GET', reports: 'POST', keys: 'POST', statements: 'POST' } as const;

/** What a request needs of its channel. */
export interface Carrier {
  /** The path that the channel was opened at, without its last word. */
  readonly base: string;
  /** The last token that the agent brought. */
  readonly presented: PresentedToken;
}

export class ChannelRequest implements PlainRequest {
  readonly number: number;
  readonly #carrier: Carrier;
  readonly #what: ChannelRequestName;
  /** Undefined for one that is not UTF-8, and once it was read. */
  #body: string | undefined;
  #bytes: number;
  #whenGone: (() => void) | undefined;
  #isGone = false;

  constructor(carrier: Carrier, number: number, what: ChannelRequestName, bytes: number, body: string | undefined) {
    this.#carrier = carrier;
    this.number = number;
    this.#what = what;
    this.#bytes = bytes;
    this.#body = body;
  }

  get method(): string {
    return methods[this.#what];
  }

  get path(): string {
    return this.#carrier.base + this.#what;
  }

  get presented(): PresentedToken {
    return this.#carrier.presented;
  }

  header(name: string): string | undefined {
    if (name === 'authorization') return this.presented.authorization;
    return name === 'content-type' ? 'application/json' : undefined;
  }

  text(limit: number): Promise<string | undefined> {
    const body = this.#bytes > limit ? undefined : this.#body;
    this.release();
    return Promise.resolve(body);
  }

  whenGone(gone: () => void): void {
    if (this.#isGone) gone();
    else this.#whenGone = gone;
  }

  release(): void {
    this.#body = undefined;
  }

  /** Its answer is not waited for any more. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#whenGone?.();
    this.#whenGone = undefined;
  }
}
