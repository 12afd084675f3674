/**
 * The channel's frames: one connection of an agent with its control plane, over which its small requests go side by side instead of
 * one HTTP request after another (decision 0214). A frame is a line of words and a body:
 *
 *     <number> <what> <bytes>\n<body>                a request; `what` as in the path of the agent API
 *     <number> authorize <bytes>\n<token>            the token of the requests after it; answered 204
 *     <number> cancel 0\n                            nobody waits for the answer to that number any more; not answered
 *     <number> <status> <bytes>[ <seconds>]\n<body>  an answer; the seconds are those of `Retry-After`
 *
 * Numbers are the agent's, in any order, each used once at a time. Pure: bytes in, frames out. What arrives is hostile (T19, T23): a line
 * has its limit, and a body the limit that its line is given before any of it is kept.
 */
import { CodedError } from '../failure.ts';

/** What an agent asks the connection to become, in `Upgrade`. */
export const channelProtocol = 'sallyport-channel';

/** Numbers go this far, then begin anew. */
export const largestNumber = 999_999_999;

/** What the agent API answers, by the last word of its paths. */
export const channelRequests = ['heartbeat', 'goal-state', 'reports', 'keys', 'statements'] as const;
export type ChannelRequestName = (typeof channelRequests)[number];

export interface RequestLine {
  readonly number: number;
  readonly what: ChannelRequestName | 'authorize' | 'cancel';
  readonly bytes: number;
}

export interface AnswerLine {
  readonly number: number;
  readonly status: number;
  readonly bytes: number;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/** What arrived breaks the protocol. The connection cannot be used any further. */
export class ChannelError extends CodedError<'MalformedFrame' | 'FrameTooLarge'> {
  override readonly name = 'ChannelError';
}

const requestLine = /^([1-9]\d{0,8}) (heartbeat|goal-state|reports|keys|statements|authorize|cancel) (0|[1-9]\d{0,8})$/;
const answerLine = /^([1-9]\d{0,8}) ([1-5]\d\d) (0|[1-9]\d{0,8})(?: (0|[1-9]\d{0,5}))?$/;

/** Reads the line of a request. Throws `ChannelError`. */
export function parseRequestLine(line: string): RequestLine {
  const [, number, what, bytes] = requestLine.exec(line) ?? [];
  if (number === undefined || what === undefined || bytes === undefined) throw malformed('a request', line);
  return { number: Number(number), what: what as RequestLine['what'], bytes: Number(bytes) };
}

/** Reads the line of an answer. Throws `ChannelError`. */
export function parseAnswerLine(line: string): AnswerLine {
  const [, number, status, bytes, seconds] = answerLine.exec(line) ?? [];
  if (number === undefined || status === undefined || bytes === undefined) throw malformed('an answer', line);
  const retryAfter = seconds === undefined ? undefined : Number(seconds);
  return { number: Number(number), status: Number(status), bytes: Number(bytes), retryAfter };
}

/** A request as it is sent. */
export function formatRequest(number: number, what: RequestLine['what'], body: string): string {
  return `${number} ${what} ${Buffer.byteLength(body)}\n${body}`;
}

/** An answer as it is sent. */
export function formatAnswer(number: number, status: number, body: string, retryAfter?: number): string {
  return `${number} ${status} ${Buffer.byteLength(body)}${retryAfter === undefined ? '' : ` ${retryAfter}`}\n${body}`;
}

function malformed(what: string, line: string): ChannelError {
  return new ChannelError('MalformedFrame', `This is not the line of ${what} of a channel: ${JSON.stringify(line)}.`);
}
