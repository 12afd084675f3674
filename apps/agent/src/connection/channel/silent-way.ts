/**
 * That a way to the control plane grants channels and passes nothing on is kept across starts of the agent: finding it out costs the first
 * heartbeat thirty seconds (decision 0214). Nothing rests on it: whoever cannot read or write it finds out again.
 */
import { join } from 'node:path';
import { messageOf } from '@sallyport/model';
import * as z from 'zod/mini';
import { readJsonFile, showJsonFile } from '../../platform/json-file.ts';
import type { Log } from '../../platform/log.ts';
import { agentPaths } from '../../platform/paths.ts';
import { withoutChannelMilliseconds } from './channel-trial.ts';

const silentSchema = z.object({ format: z.literal(1), way: z.string(), until: z.iso.datetime() });

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

  /** For how long no channel is to be asked for on this way yet, in milliseconds. */
  left(way: string): number {
    const { path, now } = this.#options;
    try {
      const known = readJsonFile(path, silentSchema);
      if (known?.way !== way) return 0;
      const left = Date.parse(known.until) - now();
      // More than was ever written: the clock was set back, and nobody knows how long ago it was.
      return left > withoutChannelMilliseconds ? 0 : Math.max(0, left);
    } catch (error) {
      this.#warn('what is known of the way to the control plane cannot be read', error);
      return 0;
    }
  }

  /** It was silent just now. */
  keep(way: string): void {
    const { path, now } = this.#options;
    try {
      const until = new Date(now() + withoutChannelMilliseconds).toISOString();
      showJsonFile(path, { format: 1, way, until }, 0o644);
    } catch (error) {
      this.#warn('what was found out of the way to the control plane cannot be kept', error);
    }
  }

  #warn(what: string, error: unknown): void {
    this.#options.log('warn', what, { error: messageOf(error) });
  }
}
