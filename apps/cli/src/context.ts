/** What every command gets: the process, the connection on demand, and one way to answer. */
import type { CommandContext } from '@stricli/core';
import { openArmClient, type ArmClient } from './connection/arm-client.ts';
import { readConnection } from './connection/connection-file.ts';
import { formatTable } from './output/table.ts';

export interface CliContext extends CommandContext {
  readonly process: NodeJS.Process;
}

/** Flags that all commands of the API share. */
export interface ApiFlags {
  readonly connection?: string;
  readonly output: 'table' | 'json';
}

export const apiFlags = {
  connection: {
    kind: 'parsed',
    parse: String,
    brief: 'Connection file (see docs/reference/sallyport.md)',
    optional: true,
    placeholder: 'FILE',
  },
  output: { kind: 'enum', values: ['table', 'json'], brief: 'How to answer', default: 'table' },
} as const;

/** Runs `work` with an open client and closes it. */
export async function withClient<T>(
  context: CliContext,
  flags: ApiFlags,
  work: (client: ArmClient) => Promise<T>,
): Promise<T> {
  const client = openArmClient(readConnection(flags.connection, context.process.env));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Answers: the values as JSON, or the rows as a table. */
export function answer(
  context: CliContext,
  flags: ApiFlags,
  value: unknown,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const { stdout } = context.process;
  // A file or a pipe gets whole lines; a terminal what fits it.
  const width = stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY;
  const text =
    flags.output === 'json' ? JSON.stringify(value, undefined, 2) : formatTable(headings, rows, width).join('\n');
  stdout.write(`${text}\n`);
}
