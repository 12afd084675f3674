/**
 * How `azcmagent run` becomes the process of the agent that is always there: a program of its own, so that nothing else is in its memory,
 * told to Node in words that keep it small. It runs little JavaScript and that seldom, so compilers that optimize earn nothing and take
 * 9 MB. Whoever starts `azcmagent run` need not know.
 */
import { existsSync, realpathSync } from 'node:fs';
import { execve } from 'node:process';
import { CodedError } from '@sallyport/model';
import { fileOfProgram } from '../platform/agent-programs.ts';

/**
 * `--expose-gc`: what starting and each heartbeat took is given back when there is something to give (`giveBackMemorySoon`). V8 would do so
 * every two minutes (`--memory-reducer`), with five threads, for more processor than all else that the process does.
 * `--invocation-count-for-feedback-allocation`: what functions are seen to do is kept for compilers that are not there, and to find
 * properties sooner, in half a megabyte.
 */
const residentFlags = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--max-semi-space-size=1',
  '--expose-gc',
  '--no-memory-reducer',
  '--single-threaded-gc',
  '--v8-pool-size=1',
  '--invocation-count-for-feedback-allocation=100000',
] as const;

/** What the C library is told, unless whoever started the agent has: one heap for all threads, which gives back what is free at its end. */
const residentVariables: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_TOP_PAD_: '16384',
};

/** Becomes that program, in the same process, and never returns. Call it before anything is held. */
export function becomeResident(words: readonly string[]): never {
  const program = fileOfProgram('azcmagent-resident', realpathSync(process.argv[1] ?? ''));
  if (!existsSync(program)) {
    throw new CodedError('ProgramMissing', `${program} is missing: install the agent anew, with all of its programs.`);
  }
  const flags = residentFlags.filter((flag) => !process.execArgv.includes(flag));
  const variables = { ...residentVariables, ...process.env };
  execve?.(process.execPath, [process.execPath, ...flags, ...process.execArgv, program, ...words], variables);
  throw new CodedError('ProgramMissing', 'This Node cannot become another program; the agent needs version 26.');
}

/** What Node is told for processes that the resident one starts and that work. */
export function workingFlags(): readonly string[] {
  return process.execArgv.filter((flag) => !residentFlags.some((one) => one === flag));
}

/** The variables of such processes: those of this one, without what keeps it small. */
export function workingVariables(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name, value]) => residentVariables[name] !== value));
}
