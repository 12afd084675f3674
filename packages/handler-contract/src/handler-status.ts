/** `status/<sequence>.status`: what an extension says of itself, read with every oddity of the real ones (contract §7). */
import { isObject, member, parseBoundedJson } from './bounded-json.ts';

export const statusWords = ['transitioning', 'error', 'success', 'warning'] as const;
export type StatusWord = (typeof statusWords)[number];

export interface HandlerSubstatus {
  readonly name: string;
  readonly status: StatusWord;
  readonly code: string | number;
  readonly message: string;
}

export interface HandlerStatus {
  readonly name: string;
  readonly operation: string;
  readonly status: StatusWord;
  /** As written: Python extensions write text, Go ones numbers. */
  readonly code: string | number;
  readonly message: string;
  readonly substatus: readonly HandlerSubstatus[];
  /** When the extension wrote it, in its own words; '' when it does not say. */
  readonly timestamp: string;
}

export type StatusReading =
  /** There is no file (yet). */
  | { readonly kind: 'missing' }
  /** `[]`: a file that says nothing. */
  | { readonly kind: 'empty' }
  /** Half-written files look like this: read again before believing it. `excerpt` is the beginning of the text. */
  | { readonly kind: 'unparsable'; readonly reason: string; readonly excerpt: string }
  /** JSON, but not a status. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'status'; readonly status: HandlerStatus };

/** Bytes of a status file worth reading: beyond it nothing is reported anyway. */
export const statusReadLimit = 4 * 1024 * 1024;
const largeStatus = 128 * 1024;
const statusBounds = { length: statusReadLimit, depth: 64 } as const;
/** Stands where something was cut off. */
export const truncated = ' ... [TRUNCATED]';

/** Reads a status file; `text` is undefined when there is none. Never throws. */
export function parseStatus(text: string | undefined): StatusReading {
  if (text === undefined) return { kind: 'missing' };
  const json = parseBoundedJson(text, statusBounds);
  if (!json.ok) return { kind: 'unparsable', reason: json.reason, excerpt: text.slice(0, 2000) };
  if (!Array.isArray(json.value)) return invalid('The extension status must be an array');
  if (json.value.length === 0) return { kind: 'empty' };
  const entry: unknown = json.value[0];
  const body = member(entry, 'status');
  if (!isObject(body)) return invalid('Invalid status format by extension: Missing status key');
  const word = member(body, 'status');
  if (typeof word !== 'string') return invalid('Invalid status format by extension: Missing status/status key');
  const message = messageIn(body);
  if (!message.ok) return invalid(message.reason);
  const substatus = substatusesIn(member(body, 'substatus'));
  if (!substatus.ok) return invalid(substatus.reason);
  const status: HandlerStatus = {
    name: textOf(member(body, 'name')),
    operation: textOf(member(body, 'operation')),
    // An unknown word is an error whose code and message still tell something (legacy extensions write 'failed').
    status: isStatusWord(word) ? word : 'error',
    code: codeOf(member(body, 'code')),
    message: message.value,
    substatus: substatus.value,
    timestamp: textOf(member(entry, 'timestampUTC')),
  };
  return { kind: 'status', status: Buffer.byteLength(text) > largeStatus ? shortened(status) : status };
}

/** Whether the extension is done: it said success or error, or what it said cannot be a status at all. */
export function isTerminalReading(reading: StatusReading): boolean {
  if (reading.kind === 'status') return reading.status.status === 'success' || reading.status.status === 'error';
  return reading.kind === 'unparsable' || reading.kind === 'invalid';
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

function substatusesIn(value: unknown): Read<readonly HandlerSubstatus[]> {
  const list: HandlerSubstatus[] = [];
  for (const item of Array.isArray(value) ? (value as readonly unknown[]) : []) {
    if (item === null) continue;
    const word = member(item, 'status');
    if (typeof word !== 'string')
      return { ok: false, reason: 'Invalid status format by extension: Missing substatus/status key' };
    if (!isStatusWord(word)) {
      return {
        ok: false,
        reason: `Invalid value ${word} in range [${statusWords.join(', ')}] at the node substatus/status`,
      };
    }
    const message = messageIn(item);
    if (!message.ok) return message;
    const name = textOf(member(item, 'name'));
    list.push({ name, status: word, code: codeOf(member(item, 'code')), message: message.value });
  }
  return { ok: true, value: list };
}

/** A message that is absent is empty; one that is there must have both of its parts. */
function messageIn(holder: unknown): Read<string> {
  const formatted = member(holder, 'formattedMessage');
  if (formatted === undefined || formatted === null) return { ok: true, value: '' };
  for (const key of ['lang', 'message']) {
    if (member(formatted, key) === undefined) {
      return { ok: false, reason: `Invalid status format by extension: Missing formattedMessage/${key} key` };
    }
  }
  return { ok: true, value: textOf(member(formatted, 'message')) };
}

/** Nothing of a file over 128 KiB is lost silently: what is cut says so, and the beginning is kept. */
function shortened(status: HandlerStatus): HandlerStatus {
  const cut = (text: string, length: number): string =>
    text.length > length ? text.slice(0, length) + truncated : text;
  const kept: HandlerSubstatus[] = [];
  let room = largeStatus;
  for (const item of status.substatus) {
    const short = { ...item, name: cut(item.name, 10 * 1024), message: cut(item.message, 10 * 1024) };
    room -= Buffer.byteLength(JSON.stringify(short));
    if (room < 0) break;
    kept.push(short);
  }
  return { ...status, message: cut(status.message, 1024), substatus: kept };
}

function isStatusWord(word: string): word is StatusWord {
  return (statusWords as readonly string[]).includes(word);
}

function codeOf(value: unknown): string | number {
  return typeof value === 'string' || typeof value === 'number' ? value : 0;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function invalid(reason: string): StatusReading {
  return { kind: 'invalid', reason };
}
