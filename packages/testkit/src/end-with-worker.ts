/**
 * Processes that end with the worker of the tests that started them, whatever became of those: a test that fails before it has what it
 * would stop, or that is out of time, must not leave an agent running.
 */
import type { ChildProcess } from 'node:child_process';

/** How each is ended: most at once, PostgreSQL by the signal after which it clears away what it shares with its own. */
type EndingSignal = 'SIGKILL' | 'SIGQUIT';

const running = new Map<ChildProcess, EndingSignal>();

/** Keeps an eye on a process until it has ended. */
export function endWithWorker(child: ChildProcess, by: EndingSignal = 'SIGKILL'): void {
  if (running.size === 0) watch();
  running.set(child, by);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) unwatch();
  });
}

function endAll(): void {
  for (const [child, by] of running) child.kill(by);
}

/** So ends a worker whose tests are over. */
function ended(): void {
  endAll();
  process.kill(process.pid, 'SIGTERM');
}

function watch(): void {
  process.once('exit', endAll);
  process.once('SIGTERM', ended);
}

function unwatch(): void {
  process.off('exit', endAll);
  process.off('SIGTERM', ended);
}
