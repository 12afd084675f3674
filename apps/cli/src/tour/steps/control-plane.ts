/** The control plane is started and its operator's credentials become `connection.json`. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { CodedError, messageOf, parseJson } from '@sallyport/model';
import type { Connection } from '../../connection/connection-file.ts';
import type { Stage } from '../stage.ts';
import { earlierConnection, writeConnection } from '../state.ts';

const defaultPort = 8443;

const operatorSchema = z.object({
  endpoint: z.string(),
  caFile: z.string(),
  tenantId: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  subscriptionId: z.string(),
});

export async function startControlPlane({ state, options, narrator, programs }: Stage): Promise<Connection> {
  narrator.step('The control plane');
  const earlier = earlierConnection(state);
  const port = options.port ?? (earlier === undefined ? defaultPort : Number(new URL(earlier.endpoint).port || 443));
  const operatorFile = join(state.controlPlane, 'operator.json');
  const logFile = join(state.logs, 'control-plane.log');
  const logged = existsSync(logFile) ? readFileSync(logFile, 'utf8').length : 0;
  const service = programs.start(
    'sallyport-control-plane',
    ['start', '--state', state.controlPlane, '--port', String(port), '--gallery', state.gallery],
    logFile,
  );
  const listening = async (): Promise<boolean> =>
    readFileSync(logFile, 'utf8').slice(logged).includes('"msg":"listening"');
  await programs.untilReady(service, 'The start of the control plane', listening).catch((error: unknown) => {
    throw new CodedError(
      'ProgramFailed',
      `The control plane did not start on port ${port}. ${lastWords(readFileSync(logFile, 'utf8').slice(logged)) ?? messageOf(error)} Another port is chosen with --port N, another folder with --state DIR.`,
      { cause: error },
    );
  });
  const operator = parseJson(operatorSchema, readFileSync(operatorFile, 'utf8'), `The operator's file ${operatorFile}`);
  const connection: Connection = {
    ...operator,
    resourceGroup: earlier?.resourceGroup ?? 'sallyport',
    machineName: earlier?.machineName ?? machineName(),
    agentRoot: state.agentRoot,
  };
  writeConnection(state, connection);
  narrator.note(`${connection.endpoint}, with its own certificate authority and an embedded store`);
  return connection;
}

/** The sentence a program ended with, after the lines of its log, which are JSON. */
function lastWords(printed: string): string | undefined {
  return printed
    .split('\n')
    .findLast((line) => line.trim() !== '' && !line.startsWith('{'))
    ?.trim();
}

/** ARM allows letters, digits, `-`, `_` and `.`, 54 at most. */
function machineName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .slice(0, 54)
      .replace(/[-_.]+$/, '') || 'server'
  );
}
