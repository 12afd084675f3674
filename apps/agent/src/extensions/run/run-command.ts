/**
 * Runs one command of a handler the way the contract says: its own session, its directory, an environment built from empty,
 * output into files. Enable commands fork; what they leave behind lives on and never delays the end (handler contract §2).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import {
  handlerCommandEnvironment,
  handlerCommandLine,
  handlerCommandSeconds,
  type CommandEnd,
  type FinishedCommand,
  type HandlerCall,
  type HandlerManifest,
} from '@sallyport/handler-contract';
import type { HandlerVersion } from '@sallyport/model';
import type { Words } from '../limits/launcher.ts';
import { OutputFile } from './output-file.ts';

/** What is known of a command before its turn. */
export interface CommandStart {
  /** The handler whose command it is, absolute. */
  readonly directory: string;
  readonly version: HandlerVersion;
  readonly manifest: HandlerManifest;
  readonly call: HandlerCall;
  readonly sequence: number;
  /** For which of the handler's extensions, where it is shared. */
  readonly extensionName?: string;
  /** Where the output goes while it is written: private to the agent. */
  readonly scratch: string;
  /** What starts it within the limits of its extension, and waits at the gate ({@link launchWords}). */
  launch(command: Words): Words;
  /** Takes over the files of the output when the command has ended: what it left behind may go on writing. */
  leave(files: readonly OutputFile[]): void;
}

/** What it is run with. */
export interface CommandRun {
  /** Longer than the contract's limit never; shorter when the operation's own deadline is nearer. Seconds. */
  readonly secondsLeft: number;
  /** Called again and again while the command runs, with the ends of both streams. */
  readonly onOutput?: (stdout: Uint8Array, stderr: Uint8Array) => void;
  /** Gives up on the command: its process group is ended. */
  readonly signal: AbortSignal;
}

/** A process that will become the command when it is let. Nothing of the handler runs before that; without its agent it ends. */
export interface CommandAtGate {
  /** Lets it, and waits for its end. Resolves for every end, also when the program cannot be started (exit codes 126 and 127, as a shell says it). */
  run(run: CommandRun): Promise<FinishedCommand>;
  /** It is not to run. Resolves when the process has ended. Not after {@link run}. */
  giveUp(): Promise<void>;
}

/** How often a running command's output is looked at: whoever watches from afar sees it within a second. */
const lookMilliseconds = 500;

/** Starts a command as far as its gate. */
export function commandAtGate(start: CommandStart): CommandAtGate {
  const command = start.manifest.commands[start.call.command];
  const outputs = [openOutput(start, 'stdout'), openOutput(start, 'stderr')] as const;
  const [out, err] = outputs;
  const [program, ...words] = start.launch([join(start.directory, command.program), ...command.arguments]);
  const child = spawn(program, words, {
    cwd: start.directory,
    // A new session, so that its process number is also its group's.
    detached: true,
    stdio: ['pipe', out.descriptor, err.descriptor],
    env: environmentOf(start),
  });
  // It may have ended at the gate: its end tells.
  child.stdin?.on('error', () => undefined);
  const ended = exitOf(child);
  return {
    async run({ secondsLeft, onOutput, signal }) {
      const seconds = Math.max(1, Math.min(handlerCommandSeconds[start.call.command], secondsLeft));
      const looking = setInterval(() => {
        onOutput?.(out.tail(), err.tail());
        out.trim();
        err.trim();
      }, lookMilliseconds);
      try {
        child.stdin?.end('\n');
        const end = await endOf(child, ended, seconds, signal);
        return {
          commandLine: handlerCommandLine(start.directory, command),
          end,
          stdout: out.tail(),
          stderr: err.tail(),
        };
      } finally {
        clearInterval(looking);
        start.leave(outputs);
      }
    },
    async giveUp() {
      killGroup(child);
      await ended;
      start.leave(outputs);
    },
  };
}

/** Several commands of one extension may be at the gate; each has files of its own, without names. */
function openOutput({ scratch, call }: CommandStart, stream: string): OutputFile {
  return new OutputFile(join(scratch, `${stream}-${process.pid}-${call.command}`));
}

/** Built from empty (T58). The directory of the agent's own Node comes last, for handlers written for it. */
function environmentOf(call: CommandStart): Readonly<Record<string, string>> {
  const ownNode = dirname(process.execPath);
  return handlerCommandEnvironment({
    directory: call.directory,
    version: call.version,
    sequence: call.sequence,
    ...(call.extensionName === undefined ? {} : { extensionName: call.extensionName }),
    call: call.call,
    ...(ownNode.includes(delimiter) ? {} : { morePath: [ownNode] }),
  });
}

/** How its process ended: exit code or signal, or the error it could not be started for. */
type Exit =
  | { readonly code: number | null; readonly signal: string | null }
  | { readonly error: NodeJS.ErrnoException };

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ error }));
    // 'exit', not 'close': children that were left behind keep the files open.
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

async function endOf(
  child: ChildProcess,
  ended: Promise<Exit>,
  seconds: number,
  signal: AbortSignal,
): Promise<CommandEnd> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, seconds * 1000);
  const giveUp = (): void => killGroup(child);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const exit = await ended;
    if ('error' in exit) return { kind: 'exit', code: exit.error.code === 'ENOENT' ? 127 : 126 };
    if (timedOut) return { kind: 'timeout', seconds };
    return exit.code === null
      ? { kind: 'signal', signal: exit.signal ?? 'unknown' }
      : { kind: 'exit', code: exit.code };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}
