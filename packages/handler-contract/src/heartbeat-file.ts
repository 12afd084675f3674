/** `heartbeat.log`: what a handler that reports heartbeats says of itself between operations (contract §7). */
import { isObject, member, parseBoundedJson } from './bounded-json.ts';

export type HeartbeatReading =
  | { readonly kind: 'missing' }
  /** Not a heartbeat, whatever its age. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** `status` as written; its code is dropped, as everywhere. `unresponsive`: nobody has written it for ten minutes. */
  | {
      readonly kind: 'heartbeat';
      readonly status: string;
      readonly message: string;
      readonly unresponsive: boolean;
    };

/** A heartbeat that is older says that the handler does not respond. Seconds. */
export const heartbeatStaleSeconds = 600;
/** Bytes of a heartbeat file worth reading. */
export const heartbeatReadLimit = 64 * 1024;
const longestMessage = 3200;

/** Reads the file's text; undefined when there is none. Never throws. `ageSeconds` is since it was last written. */
export function parseHeartbeat(text: string | undefined, ageSeconds: number): HeartbeatReading {
  if (text === undefined) return { kind: 'missing' };
  const json = parseBoundedJson(text, { length: heartbeatReadLimit, depth: 32 });
  if (!json.ok) return { kind: 'invalid', reason: json.reason };
  const body = Array.isArray(json.value) ? member(json.value[0], 'heartbeat') : undefined;
  const status = member(body, 'status');
  if (!isObject(body) || typeof status !== 'string') return { kind: 'invalid', reason: 'it has no heartbeat/status' };
  // `Message`, as the old documentation spells it, is not read by any host.
  const message = member(member(body, 'formattedMessage'), 'message');
  return {
    kind: 'heartbeat',
    status: status.slice(0, 64),
    message: typeof message === 'string' ? message.slice(0, longestMessage) : '',
    unresponsive: ageSeconds > heartbeatStaleSeconds,
  };
}

/** What a heartbeat makes of the handler: its status word, and the message in place of the host's own. */
export interface HandlerCondition {
  readonly status: string;
  readonly message: string;
}

/** The condition that is shown. Undefined for a handler that is well: its extensions' own status counts then. */
export function conditionOf(reading: HeartbeatReading): HandlerCondition | undefined {
  if (reading.kind === 'missing') {
    return { status: 'NotReady', message: '[ExtensionError] Failed to get heart beat file' };
  }
  if (reading.kind === 'invalid') {
    return { status: 'NotReady', message: `[ExtensionError] The heart beat file cannot be read: ${reading.reason}` };
  }
  if (reading.unresponsive) return { status: 'Unresponsive', message: reading.message };
  return reading.status.toLowerCase() === 'ready' ? undefined : { status: reading.status, message: reading.message };
}
