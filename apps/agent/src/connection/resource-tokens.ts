/** Tokens of the machine's identity for other services: what programs on this machine ask the local endpoint for. */
import type { Environment } from '../platform/environment.ts';
import { machineToken, type MachinePrincipal, type TokenService } from './tokens.ts';

export interface ResourceToken {
  readonly value: string;
  /** Whole seconds since 1970, by this machine's clock. */
  readonly expiresOn: number;
  readonly expiresInSeconds: number;
}

interface Held {
  readonly value: string;
  /** Monotonic milliseconds. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Resources whose tokens are kept. More are asked for anew each time. */
const mostKept = 64;

/** Holds tokens by resource. A kept one is given out for two thirds of its life. */
export class ResourceTokens {
  readonly #service: TokenService;
  readonly #principal: () => MachinePrincipal;
  readonly #environment: Environment;
  readonly #held = new Map<string, Held>();

  constructor(service: TokenService, principal: () => MachinePrincipal, environment: Environment) {
    this.#service = service;
    this.#principal = principal;
    this.#environment = environment;
  }

  /** A token for a resource. `fresh` passes over what is kept. Throws `ServerRefusal` or `HttpError`. */
  async get(resource: string, fresh: boolean, signal: AbortSignal): Promise<ResourceToken> {
    const kept = this.#held.get(resource);
    if (kept !== undefined && !fresh && this.#environment.monotonic() < kept.renewAt) return this.#shown(kept);
    const scope = `${resource.replace(/\/+$/, '')}/.default`;
    const asked = this.#environment.monotonic();
    const token = await machineToken(this.#service, this.#principal(), scope, this.#environment, signal);
    const life = token.expiresInSeconds * 1000;
    const held = { value: token.value, renewAt: asked + life * (2 / 3), expiresAt: asked + life };
    this.#held.delete(resource);
    if (this.#held.size < mostKept) this.#held.set(resource, held);
    return this.#shown(held);
  }

  /** Forgets all of them: the identity has changed. */
  clear(): void {
    this.#held.clear();
  }

  #shown({ value, expiresAt }: Held): ResourceToken {
    const expiresInSeconds = Math.max(0, Math.floor((expiresAt - this.#environment.monotonic()) / 1000));
    return { value, expiresInSeconds, expiresOn: Math.floor(this.#environment.now() / 1000) + expiresInSeconds };
  }
}
