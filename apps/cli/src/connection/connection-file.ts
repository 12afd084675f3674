/**
 * Where the operator's commands are sent and as whom: a JSON file (0600, it holds a client secret) that `sallyport tour`
 * writes and that any client can read. Found by `--connection`, then `SALLYPORT_CONNECTION`, then `.sallyport/connection.json`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { CodedError, messageOf, parseJson } from '@sallyport/model';

export const connectionSchema = z.object({
  /** Base URL of the control plane, without a trailing slash. */
  endpoint: z.string(),
  /** PEM file of the CA that signed the control plane's certificate. */
  caFile: z.string(),
  tenantId: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  machineName: z.string(),
  /** The machine's `AZCMAGENT_ROOT`. */
  agentRoot: z.string(),
});
export type Connection = z.infer<typeof connectionSchema>;

/** Where a connection file is looked for when none is named. */
export const defaultConnectionFile = '.sallyport/connection.json';

/** Reads a connection. Throws {@link CodedError} `NoConnection` or `MalformedInput`, saying which file and what to do. */
export function readConnection(
  named: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Connection {
  const file = resolve(named ?? variables['SALLYPORT_CONNECTION'] ?? defaultConnectionFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CodedError(
      'NoConnection',
      `No connection could be read from ${file} (${messageOf(error)}). Name one with --connection FILE or SALLYPORT_CONNECTION, or make one with 'npm start'.`,
      { cause: error },
    );
  }
  return parseJson(connectionSchema, text, `The connection file ${file}`);
}
