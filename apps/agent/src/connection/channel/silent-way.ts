/**
 * That a way to the control plane grants channels and passes nothing on is kept across starts of the agent: finding it out costs the first
 * heartbeat thirty seconds (decisions 0214 and 0237). Nothing rests on it: whoever cannot read or write it finds out again.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@sallyport/model';
import * as z from 'zod/mini';
import { readJsonFile, showJsonFile } from '../../platform/json-file.ts';
import type { Log } from '../../platform/log.ts';
import { agentPaths } from '../../platform/paths.ts';
import { longestWithoutChannel } from './channel-trial.ts';

const silentSchema = z.object({
  format: z.literal(1),
  way: z.string(),
  until: z.iso.datetime(),
  /** Files from before it was counted say nothing of it. */
  failures: z.optional(z.int().check(z.positive())),
});

/** What is known of a way. */
export interface KnownSilence {
  /** For how long no channel is to be asked for yet, in milliseconds. */
  readonly left: number;
  /** How many channels in a row have failed on it. */
  readonly failures: number;
}

const nothingKnown: KnownSilence = { left: 0, failures: 0 };

/** Where it stands. */
export function silentWayFile(root: string): string {
  return join(agentPaths(root).data, 'channel.json');
}

export interface SilentWayOptions {
  readonly path: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The last way that was silent. A way is named by where it leads and over what, without secrets. */
export class SilentWay {
  readonly #options: SilentWayOptions;

  constructor(options: SilentWayOptions) {
    this.#options = options;
  }

  /** What was found out of this way before. */
  known(way: string): KnownSilence {
    const { path, now } = this.#options;
    try {
      const known = readJsonFile(path, silentSchema);
      if (known?.way !== way) return nothingKnown;
      const left = Date.parse(known.until) - now();
      // More than was ever written: the clock was set back, and nobody knows how long ago it was. Or it was long ago.
      if (Math.abs(left) > longestWithoutChannel) return nothingKnown;
      return { left: Math.max(0, left), failures: known.failures ?? 1 };
    } catch (error) {
      this.#warn('what is known of the way to the control plane cannot be read', error);
      return nothingKnown;
    }
  }

  /** It was silent just now, as the last of so many channels in a row that failed; none is asked for so many milliseconds. */
  keep(way: string, pause: number, failures: number): void {
    const { path, now } = this.#options;
    try {
      const until = new Date(now() + pause).toISOString();
      showJsonFile(path, { format: 1, way, until, failures }, 0o644);
    } catch (error) {
      this.#warn('what was found out of the way to the control plane cannot be kept', error);
    }
  }

  /** A channel passes on the way that was silent: it is forgotten. */
  forget(way: string): void {
    if (this.known(way).failures === 0) return;
    try {
      rmSync(this.#options.path, { force: true });
    } catch (error) {
      this.#warn('what was found out of the way to the control plane cannot be forgotten', error);
    }
  }

  #warn(what: string, error: unknown): void {
    this.#options.log('warn', what, { error: messageOf(error) });
  }
}
