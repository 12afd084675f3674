/** Renews the machine's key when the centre says that it is time: its clock decides, not this machine's (T72, T75). */
import { sign } from 'node:crypto';
import { messageOf } from '@sallyport/model';
import { keyRenewalText } from '@sallyport/model/wire';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import type { AgentApi } from './agent-api.ts';
import type { MachineKeyring } from './machine-keyring.ts';
import type { MachineTokens } from './tokens.ts';

export interface KeyRenewalOptions {
  readonly keyring: MachineKeyring;
  readonly api: AgentApi;
  readonly tokens: MachineTokens;
  readonly environment: Environment;
  readonly log: Log;
}

/** A centre that asks all the time, because it is captured or confused, gets no more than this. Milliseconds. */
const leastBetween = 60 * 60 * 1000;

/** Holds what is under way. */
export class KeyRenewal {
  readonly #options: KeyRenewalOptions;
  #running: Promise<void> | undefined;
  #renewedAt: number | undefined;

  constructor(options: KeyRenewalOptions) {
    this.#options = options;
  }

  /** Begins a renewal unless one is under way or was just done. A failed one is begun again when it is asked for again. */
  begin(signal: AbortSignal): void {
    const now = this.#options.environment.monotonic();
    if (this.#running !== undefined) return;
    if (this.#renewedAt !== undefined && now - this.#renewedAt < leastBetween) return;
    this.#running = this.#renew(signal).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { keyring, api, tokens, environment, log } = this.#options;
    try {
      const next = await keyring.prepareNext();
      const text = Buffer.from(keyRenewalText(keyring.vmId, next.clientPublicKey));
      const proof = sign('sha256', text, next.privateKey).toString('base64');
      await api.bringKey({ publicKey: next.clientPublicKey, proof }, signal);
      await tokens.renew(signal);
      if (keyring.clientPublicKey !== next.clientPublicKey) throw new Error('the control plane did not accept it');
      this.#renewedAt = environment.monotonic();
      log('info', 'the key of this machine was renewed');
    } catch (error) {
      if (!signal.aborted) log('warn', 'the key of this machine was not renewed', { error: messageOf(error) });
    }
  }
}
