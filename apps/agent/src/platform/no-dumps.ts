/** Keeps what this process has in memory out of files that a crash or a signal would leave (T50). */
import { writeFileSync } from 'node:fs';

/**
 * For processes that see secrets. A core dump holds no memory then, and Node writes no report of its own; the processes it
 * starts inherit the first. Node cannot lock its memory: where swap is not encrypted, what is in there can reach the disk.
 */
export function leaveNoDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // A kernel without core dumps has no such file.
  }
  const { report } = process;
  report.reportOnFatalError = false;
  report.reportOnSignal = false;
  report.reportOnUncaughtException = false;
}
