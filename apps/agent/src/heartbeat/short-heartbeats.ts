/**
 * Heartbeats in few words: nearly always a machine has nothing new to say of itself, and the centre has a name for what it said last. Then
 * the name is sent in its place (decision 0245). What was said is kept in memory only, like the line of beats.
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
}

/** Sends heartbeats one after another. */
export class ShortHeartbeats {
  readonly #send: SendHeartbeat;
  #said: SaidContent | undefined;

  constructor(send: SendHeartbeat) {
    this.#send = send;
  }

  /** Sends a heartbeat, in few words if they will do. Throws whatever sending throws. */
  async send(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatResponse> {
    const { beat, generation, holdSeconds, ...said } = request;
    const content = JSON.stringify(said);
    if (this.#said?.content === content) {
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
    if (contentHash !== undefined) this.#said = { content, contentHash };
    return response;
  }
}

/** It holds something else of this machine (409), or is an older one that does not know such heartbeats, behind the same address (400). */
function wantsItWhole(error: unknown): boolean {
  return error instanceof ServerRefusal && (error.status === 409 || error.status === 400);
}
