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

export interface CommandCall {
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
  /** Longer than the contract's limit never; shorter when the operation's own deadline is nearer. Seconds. */
  readonly secondsLeft: number;
  /** Called again and again while the command runs, with the ends of both streams. */
  onOutput?(stdout: Uint8Array, stderr: Uint8Array): void;
  /** What starts it within the limits of its extension. */
  launch(command: Words): Words;
  /** Takes over the files of the output when the command has ended: what it left behind may go on writing. */
  leave(files: readonly OutputFile[]): void;
  /** Gives up on the command: its process group is ended. */
  readonly signal: AbortSignal;
}

/** How often a running command's output is looked at: whoever watches from afar sees it within a second. */
const lookMilliseconds = 500;

/** Runs the command to its end. Resolves for every end, also when the program cannot be started (exit codes 126 and 127, as a shell says it). */
export async function runCommand(call: CommandCall): Promise<FinishedCommand> {
  const command = call.manifest.commands[call.call.command];
  const out = new OutputFile(join(call.scratch, `stdout-${process.pid}-${call.call.command}`));
  const err = new OutputFile(join(call.scratch, `stderr-${process.pid}-${call.call.command}`));
  try {
    const seconds = Math.max(1, Math.min(handlerCommandSeconds[call.call.command], call.secondsLeft));
    const [program, ...words] = call.launch([join(call.directory, command.program), ...command.arguments]);
    const child = spawn(program, words, {
      cwd: call.directory,
      // A new session, so that its process number is also its group's.
      detached: true,
      stdio: ['ignore', out.descriptor, err.descriptor],
      env: environmentOf(call),
    });
    const looking = setInterval(() => {
      call.onOutput?.(out.tail(), err.tail());
      out.trim();
      err.trim();
    }, lookMilliseconds);
    const end = await endOf(child, seconds, call.signal).finally(() => clearInterval(looking));
    return {
      commandLine: handlerCommandLine(call.directory, command),
      end,
      stdout: out.tail(),
      stderr: err.tail(),
    };
  } finally {
    call.leave([out, err]);
  }
}

/** Built from empty (T58). The directory of the agent's own Node comes last, for handlers written for it. */
function environmentOf(call: CommandCall): Readonly<Record<string, string>> {
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

function endOf(child: ChildProcess, seconds: number, signal: AbortSignal): Promise<CommandEnd> {
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, seconds * 1000);
    const giveUp = (): void => killGroup(child);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    const finish = (end: CommandEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(end);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      finish({ kind: 'exit', code: error.code === 'ENOENT' ? 127 : 126 });
    });
    // 'exit', not 'close': children that were left behind keep the files open.
    child.once('exit', (code, name) => {
      if (timedOut) finish({ kind: 'timeout', seconds });
      else if (code === null) finish({ kind: 'signal', signal: name ?? 'unknown' });
      else finish({ kind: 'exit', code });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}
