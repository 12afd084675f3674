/**
 * What a command of `azcmagent` is. Commands are rows of one table (`commands/index.ts`); each lives in its own file and is
 * loaded only when it is called, so that `config list` starts as fast as Node does.
 */
import type { Environment } from '../platform/environment.ts';

export interface Option {
  /** Long name without dashes, as in `--service-principal-id`. */
  readonly name: string;
  readonly short?: string;
  readonly kind: 'text' | 'flag';
  /** What the value is called in the help text: `<name>`. */
  readonly value?: string;
  readonly description: string;
}

/** What a command was called with, after parsing. Values of options that were not given are absent. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

/** Where a command speaks. `result` is what was asked for; `info` what happens meanwhile; both honour `--json`. */
export interface Voice {
  readonly json: boolean;
  readonly verbose: boolean;
  /** A line of the answer, left out under `--json`. One call, one line: control characters are escaped, newlines too (T80). */
  line(text: string): void;
  /** The answer as a value: printed as JSON under `--json` only. */
  value(value: unknown): void;
  /** `INFO    …`: progress for people, left out under `--json`. */
  info(text: string): void;
  /** `WARN    …`: something the reader should know, on stderr under `--json`. */
  warn(text: string): void;
}

export interface CommandContext {
  readonly environment: Environment;
  readonly voice: Voice;
  /** Ends when the user presses Ctrl+C (AZCM0011). */
  readonly signal: AbortSignal;
}

/**
 * A command's implementation. Failures are thrown as `AzcmError`; returning means success. A command whose answer is itself a
 * yes or a no (`config check`) returns the exit code.
 */
export type CommandRun = (invocation: Invocation, context: CommandContext) => Promise<number | void>;

export interface Command {
  /** Words that call it: `['config', 'set']`. */
  readonly words: readonly string[];
  /** Arguments as the help shows them: `<property> <value>`. */
  readonly usage: string;
  /** Fewest and most positional arguments. `Infinity` where the command itself explains a surplus. */
  readonly arguments: readonly [least: number, most: number];
  readonly summary: string;
  readonly options: readonly Option[];
  /** Whether it needs the administrator (AZCM0018). */
  readonly administrator: boolean;
  load(): Promise<{ readonly run: CommandRun }>;
}
