/** What a command says, as text for people or as one JSON value for programs (arc-agent §1.1, §1.4). */
import { azcmCodes, type AzcmError } from './azcm-error.ts';
import type { Voice } from './command.ts';
import { printable } from './printable.ts';

/** Where output goes. Both take whole lines with their newline. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** How the caller wants to be spoken to. */
export interface Manner {
  readonly json: boolean;
  readonly verbose: boolean;
  /** `--log-stderr`: errors and progress to stderr; otherwise everything goes to stdout, as documented. */
  readonly logToStderr: boolean;
}

/** What the words of a command line ask for, before anything of them is understood. */
export function mannerAsked(words: readonly string[]): Manner {
  return {
    json: words.includes('--json') || words.includes('-j'),
    verbose: words.includes('--verbose') || words.includes('-v'),
    logToStderr: words.includes('--log-stderr'),
  };
}

/** The voice of one command. */
export function voiceOf(manner: Manner, streams: Streams): Voice {
  const log = manner.logToStderr ? streams.err : streams.out;
  return {
    json: manner.json,
    verbose: manner.verbose,
    line(text) {
      if (!manner.json) streams.out(`${printable(text)}\n`);
    },
    value(value) {
      if (manner.json) streams.out(`${jsonText(value)}\n`);
    },
    info(text) {
      if (!manner.json) log(`INFO    ${printable(text)}\n`);
    },
    warn(text) {
      // Under --json stdout holds one JSON value and nothing else.
      (manner.json ? streams.err : log)(`WARN    ${printable(text)}\n`);
    },
  };
}

/** Tells an error: its code, the sentence, then what to do. */
export function speakError(error: AzcmError, manner: Manner, streams: Streams): void {
  const write = manner.logToStderr ? streams.err : streams.out;
  if (manner.json) {
    const { code, message, recommendedActions } = error;
    write(`${jsonText({ status: 'error', error: { code, message, recommendedActions } })}\n`);
    return;
  }
  write(`ERROR   ${error.code}: ${printable(error.message)}\n`);
  for (const action of error.recommendedActions) write(`        ${printable(action)}\n`);
  if (manner.verbose) write(`        ${error.code} means: ${azcmCodes[error.code]}.\n`);
  if (manner.verbose && error.cause instanceof Error) {
    for (const line of (error.cause.stack ?? '').split('\n')) write(`        ${printable(line)}\n`);
  }
}

/** Two-space JSON. Its own newlines are layout; control characters inside strings are escapes (T80). */
function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(printable).join('\n');
}
