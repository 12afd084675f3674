/** Calls the command line inside the test's process. */
import type { Environment } from '../platform/environment.ts';
import { runCli } from './run-cli.ts';

export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Exit code and output of `azcmagent` with these arguments. */
export async function call(environment: Environment, ...args: readonly string[]): Promise<Called> {
  let out = '';
  let err = '';
  const streams = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  const code = await runCli(args, environment, streams, new AbortController().signal);
  return { code, out, err };
}
