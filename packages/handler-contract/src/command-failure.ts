/** The messages of a command that failed, as services and people know them (contract §2). */
import { formatOutput } from './command-output.ts';

export type CommandEnd =
  | { readonly kind: 'exit'; readonly code: number }
  /** Ended by a signal, by its name. */
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly seconds: number };

export interface FinishedCommand {
  /** See `handlerCommandLine()`. */
  readonly commandLine: string;
  readonly end: CommandEnd;
  /** The streams, or their ends ({@link outputTailBytes} are enough). */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** The message of a command that failed, or undefined when it exited with 0. Signatures in URLs are blanked out. */
export function commandFailureMessage(finished: FinishedCommand): string | undefined {
  const headline = headlineOf(finished);
  if (headline === undefined) return undefined;
  const hint = finished.end.kind === 'exit' ? hints[finished.end.code] : undefined;
  const output = formatOutput(finished.stdout, finished.stderr);
  return redactSignatures([headline, output, ...(hint === undefined ? [] : [hint])].join('\n'));
}

/** The same as `HandlerStatus` shows it: with the class of the error in front, as whoever reads that file knows it (contract §2). */
export function handlerStatusMessage(end: CommandEnd, message: string): string {
  return `[${end.kind === 'timeout' ? 'ExtensionError' : 'ExtensionOperationError'}] ${message}`;
}

/** Blanks out the signature of shared access URLs (`sig=…`): whoever reads a message must not get to the storage. */
export function redactSignatures(text: string): string {
  return text.replace(/\bsig=[^&\s"'<>]*/gi, 'sig=REDACTED');
}

/** What a shell's exit codes mean, for whoever meets them as a handler's. */
const hints: Readonly<Partial<Record<number, string>>> = {
  126: 'Exit code 126 says that a file could not be executed: check that the file system with the handlers is not mounted noexec.',
  127: 'Exit code 127 says that a program was not found: the command itself, the interpreter that its first line names, or what it calls.',
};

function headlineOf({ end, commandLine }: FinishedCommand): string | undefined {
  if (end.kind === 'timeout') return `Timeout(${end.seconds}): ${commandLine}`;
  if (end.kind === 'signal') return `Ended by signal ${end.signal}: ${commandLine}`;
  return end.code === 0 ? undefined : `Non-zero exit code: ${end.code}, ${commandLine}`;
}
