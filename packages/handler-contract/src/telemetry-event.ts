/** Telemetry events of extensions: `<eventsFolder>/<digits>.json`, one event or a list of them (contract §7). */
import { member, isObject, parseBoundedJson } from './bounded-json.ts';

export interface TelemetryEvent {
  readonly timestamp: string;
  readonly level: string;
  readonly task: string;
  readonly message: string;
}

export const telemetryBounds = {
  /** Bytes of a file, characters of an event and of its message; events of one extension in one period. */
  file: 4 * 1024 * 1024,
  event: 6144,
  message: 3072,
  events: 360,
} as const;

/** Whether a file in an events folder holds events; whatever else lies there is nobody's. */
export function isTelemetryFile(name: string): boolean {
  return /^[0-9]{1,40}\.json$/.test(name);
}

const required = ['version', 'timestamp', 'taskname', 'eventlevel', 'message', 'eventpid', 'eventtid', 'operationid'];

/** The events of a file's text that are whole and within their bounds, and how many were not. Never throws. */
export function parseTelemetry(text: string): { readonly events: readonly TelemetryEvent[]; readonly dropped: number } {
  const json = parseBoundedJson(text, { length: telemetryBounds.file, depth: 32 });
  if (!json.ok) return { events: [], dropped: 1 };
  const list: readonly unknown[] = Array.isArray(json.value) ? json.value : [json.value];
  const events = list.map(eventOf).filter((event) => event !== undefined);
  return { events, dropped: list.length - events.length };
}

function eventOf(value: unknown): TelemetryEvent | undefined {
  if (!isObject(value)) return undefined;
  // The case of keys does not count.
  const keys = new Map(Object.keys(value).map((key) => [key.toLowerCase(), key]));
  if (!required.every((key) => keys.has(key))) return undefined;
  const text = (key: string): string => {
    const found = member(value, keys.get(key) ?? '');
    return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  };
  const [timestamp, level, task, message] = ['timestamp', 'eventlevel', 'taskname', 'message'].map(text) as [
    string,
    string,
    string,
    string,
  ];
  if (message.length > telemetryBounds.message || JSON.stringify(value).length > telemetryBounds.event)
    return undefined;
  return { timestamp: timestamp.slice(0, 64), level: level.slice(0, 64), task: task.slice(0, 256), message };
}
