/** How a program of the agent is told to end, and where it writes. */

/** Aborts when the process is asked to end. Until then the signals are for whoever looks at it; a second one ends the process. */
export function endedBySignal(): AbortSignal {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      end.abort(new Error('Canceled'));
    });
  }
  return end.signal;
}

/** Whole lines to stdout and stderr. */
export function streamsOfProcess(): { readonly out: (text: string) => void; readonly err: (text: string) => void } {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has gone (`azcmagent … | head -1`): there is nobody left to tell.
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}
