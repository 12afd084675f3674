/** The log: one JSON object a line on standard output. Bodies and headers never go into it, so no secret can. */
import { destination, pino, type Logger } from 'pino';
import { currentTrace } from '../monitoring/trace-context.ts';

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** A log that has written its line when the call returns: nothing is lost in a crash. */
export function createLog(level: 'info' | 'warn' | 'error'): Log {
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      // Lines of one request are found by its trace, whoever writes them.
      mixin: () => {
        const trace = currentTrace();
        return trace === undefined ? {} : { traceId: trace.traceId };
      },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    destination({ fd: 1, sync: true }),
  );
}
