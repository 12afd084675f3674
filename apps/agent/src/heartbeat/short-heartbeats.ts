/**
 * Heartbeats in few words: nearly always a machine has nothing new to say of itself, and the centre has a name for what it said last. Then
 * the name is sent in its place (decision 0245). What was said is kept in memory only, like the line of beats. Once an hour everything is
 * said all the same: should what the centre keeps be damaged, or somebody have changed it there, it does not stay so.
 */
import type { HeartbeatRequest, HeartbeatResponse, UnchangedHeartbeat } from '@sallyport/model/wire';
import { ServerRefusal } from '../connection/json-answer.ts';

/** Sends a heartbeat, whichever it is. */
export type SendHeartbeat = (
  request: HeartbeatRequest | UnchangedHeartbeat,
  signal: AbortSignal,
) => Promise<HeartbeatResponse>;

interface SaidContent {
  readonly content: string;
  readonly contentHash: string;
  readonly at: number;
}

/** Milliseconds. */
const wholeAtLeastEvery = 3_600_000;

/** Sends heartbeats one after another. */
export class ShortHeartbeats {
  readonly #send: SendHeartbeat;
  readonly #monotonic: () => number;
  #said: SaidContent | undefined;

  /** `monotonic` gives milliseconds. */
  constructor(send: SendHeartbeat, monotonic: () => number) {
    this.#send = send;
    this.#monotonic = monotonic;
  }

  /** Sends a heartbeat, in few words if they will do. Throws whatever sending throws. */
  async send(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatResponse> {
    const { beat, generation, holdSeconds, ...said } = request;
    const content = JSON.stringify(said);
    const now = this.#monotonic();
    if (this.#said?.content === content && now - this.#said.at < wholeAtLeastEvery) {
      const { contentHash } = this.#said;
      try {
        return await this.#send(
          { ...(beat === undefined ? {} : { beat }), generation, holdSeconds, contentHash },
          signal,
        );
      } catch (error) {
        if (!wantsItWhole(error)) throw error;
      }
    }
    this.#said = undefined;
    const response = await this.#send(request, signal);
    const { contentHash } = response;
    if (contentHash !== undefined) this.#said = { content, contentHash, at: now };
    return response;
  }
}

/** It holds something else of this machine (409), or is an older one that does not know such heartbeats, behind the same address (400). */
function wantsItWhole(error: unknown): boolean {
  return error instanceof ServerRefusal && (error.status === 409 || error.status === 400);
}
