/**
 * The process of the extension manager (`extd`): goal states, plans, packages, handlers and reports, all of the agent that is large or runs
 * something. It is started when there is work and ends when nothing is left to do and no extension is looked after; the resident
 * process tells it when to look.
 */
import { realpathSync } from 'node:fs';
import { processEnvironment, type Environment } from '../platform/environment.ts';
import { converse } from '../platform/conversation.ts';
import { leaveNoDumps } from '../platform/no-dumps.ts';
import { takeProcessLock, type LockResult } from '../platform/process-lock.ts';
import { sleep } from '../platform/sleep.ts';
import { readAgentConfig } from '../connection/agent-config.ts';
import { extensionLockPath } from './agent-status.ts';
import { askedExchanges, callFailures, type AgentCalls, type ManagerCalls } from './extension-calls.ts';
import { ManagedExtensions } from './managed-extensions.ts';

/** Work often comes in twos and threes; it stays for this long after the last. Milliseconds. */
const lingerMilliseconds = 30_000;
const lookMilliseconds = 10_000;
/** One that was left by a killed agent hears of it at once and ends what it runs. Milliseconds. */
const longestWait = 60_000;

/** Resolves when everything is stopped. */
export async function runExtensionProcess(): Promise<void> {
  leaveNoDumps();
  // Handlers and what they write count on it (handler contract §2).
  process.umask(0o022);
  const environment = processEnvironment();
  const end = new AbortController();
  const stop = (): void => end.abort();
  // The agent has ended, however it did: nothing of it goes on by itself.
  process.once('disconnect', stop);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);

  const { promise: extensions, resolve: begun, reject } = Promise.withResolvers<ManagedExtensions>();
  extensions.catch(() => undefined);
  const own = {
    goal: async () => (await extensions).fetchGoal(end.signal),
    controlsChanged: async () => (await extensions).controlsChanged(),
    connected: async () => (await extensions).connected(),
    keyChanged: async () => (await extensions).keyChanged(),
    cancel: async (wanted: string | null) => (await extensions).cancel(wanted ?? undefined),
    stop,
  } satisfies Record<keyof ManagerCalls, unknown>;
  const agent = converse<AgentCalls>(process, own, callFailures);

  const lock = await takenLock(environment, end.signal);
  try {
    if (end.signal.aborted) return;
    if (!lock.taken) throw new Error(`The extension manager of process ${lock.holder} does not end.`);
    const config = readAgentConfig(environment.root);
    if (config === undefined) throw new Error('This machine is not connected.');
    const running = new ManagedExtensions({
      environment,
      config,
      program: realpathSync(process.argv[1] ?? ''),
      exchanges: askedExchanges((exchange) => agent.call('ask', exchange)),
    });
    running.start();
    begun(running);
    let quietSince = environment.monotonic();
    while (!end.signal.aborted) {
      await sleep(lookMilliseconds, end.signal);
      const now = environment.monotonic();
      const { here } = agent.asked;
      if (!running.isAtRest()) quietSince = now;
      else if (now - quietSince >= lingerMilliseconds && (await agent.call('done', here).catch(() => true))) break;
    }
    await running.stop();
  } catch (error) {
    reject(error);
    throw error;
  } finally {
    if (lock.taken) lock.release();
    if (process.connected) process.disconnect?.();
  }
}

/** One manager on a machine at any time (T84). */
async function takenLock(environment: Environment, signal: AbortSignal): Promise<LockResult> {
  const until = environment.monotonic() + longestWait;
  for (;;) {
    const lock = takeProcessLock(extensionLockPath(environment.root));
    if (lock.taken || signal.aborted || environment.monotonic() > until) return lock;
    await sleep(50, signal);
  }
}
