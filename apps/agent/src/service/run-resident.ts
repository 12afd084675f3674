/** The resident process from its start to its end, spoken like any command. */
import { realpathSync } from 'node:fs';
import { AzcmError, azcmErrorOf, exitCodeOf } from '../cli/azcm-error.ts';
import { mannerAsked, speakError, voiceOf, type Streams } from '../cli/voice.ts';
import { fileOfProgram } from '../platform/agent-programs.ts';
import type { Environment } from '../platform/environment.ts';
import { leaveNoDumps } from '../platform/no-dumps.ts';
import { takeProcessLock } from '../platform/process-lock.ts';
import { agentLockPath } from './agent-status.ts';
import { runAgentHost } from './agent-host.ts';
import { giveBackMemorySoon } from './give-back-memory.ts';

/** Runs the agent until the signal ends, and gives the exit code. Never throws. */
export async function runResident(
  words: readonly string[],
  environment: Environment,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const manner = mannerAsked(words);
  const voice = voiceOf(manner, streams);
  const say = (text: string): void => voice.info(text);
  try {
    await underLock(environment, signal, say);
    return 0;
  } catch (thrown) {
    const error = azcmErrorOf(thrown, signal);
    speakError(error, manner, streams);
    return exitCodeOf(error.code);
  }
}

async function underLock(environment: Environment, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  const lock = takeProcessLock(agentLockPath(environment.root));
  if (!lock.taken) {
    throw new AzcmError('AZCM0090', `The agent of this machine is running already (process ${lock.holder}).`);
  }
  giveBackMemorySoon();
  try {
    leaveNoDumps();
    // Handlers and what they write count on it (handler contract §2).
    process.umask(0o022);
    say('The agent is running.');
    const program = fileOfProgram('azcmagent', realpathSync(process.argv[1] ?? ''));
    await runAgentHost({ environment, program, signal, say });
    say('The agent has stopped.');
  } finally {
    lock.release();
  }
}
