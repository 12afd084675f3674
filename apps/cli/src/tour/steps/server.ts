/** The server is onboarded, once, and its agent runs. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '@sallyport/model';
import type { ArmClient } from '../../connection/arm-client.ts';
import type { Connection } from '../../connection/connection-file.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { location, serverVariables, type Stage } from '../stage.ts';
import type { TourState } from '../state.ts';
import { openGate } from './open-gate.ts';

export async function connectServer(stage: Stage, connection: Connection, client: ArmClient): Promise<void> {
  const { state, narrator, programs } = stage;
  narrator.step('The server: an agent with its own key, which trusts this catalog and no other');
  const variables = serverVariables(state);
  // A tour that was killed while it connected could not take it away itself.
  rmSync(connectFile(state), { force: true });
  const agent = await shownAgent(stage);
  const machine = await client.get(machinePath(connection, undefined), apiVersions.hybridCompute);
  if (machine !== undefined && agent.resourceName === connection.machineName && agent.cloud === connection.endpoint) {
    narrator.note(`${connection.machineName} is connected already`);
  } else {
    await connectAgain(stage, connection, client, machine !== undefined);
  }
  await openGate(stage);
  const started = Date.now();
  const service = programs.start('azcmagent', ['run'], join(state.logs, 'agent.log'), variables);
  await programs.untilReady(
    service,
    'The first heartbeat',
    async () => Date.parse((await shownAgent(stage)).lastHeartbeat) >= started,
  );
  narrator.note(`${connection.machineName} is connected; its files are under ${state.agentRoot}`);
}

/** Where the operator's secret lies while `azcmagent connect` runs. */
function connectFile(state: TourState): string {
  return join(state.directory, 'connect.json');
}

const shownSchema = z.object({ resourceName: z.string(), cloud: z.string(), lastHeartbeat: z.string() });

/** What `azcmagent show` says of the connection. */
async function shownAgent({ state, programs }: Stage): Promise<z.infer<typeof shownSchema>> {
  return parseJson(
    shownSchema,
    await programs.mustRun('azcmagent', ['show', '--json'], serverVariables(state)),
    "The answer of 'azcmagent show'",
  );
}

/** Onboards the server, anew where the control plane or the agent forgot the other or the address changed. */
async function connectAgain(
  { state, narrator, programs }: Stage,
  connection: Connection,
  client: ArmClient,
  known: boolean,
): Promise<void> {
  const variables = serverVariables(state);
  if (known) {
    narrator.note(`${connection.machineName} is known to the centre, but not from here: it is onboarded again`);
    await client.change('DELETE', machinePath(connection, undefined), apiVersions.hybridCompute);
  }
  await programs.run('azcmagent', ['disconnect', '--force-local-only'], variables);
  const configFile = connectFile(state);
  const named = {
    endpoint: connection.endpoint,
    'ca-file': connection.caFile,
    'catalog-root': join(state.gallery, 'metadata', '1.root.json'),
    'subscription-id': connection.subscriptionId,
    'resource-group': connection.resourceGroup,
    location,
    'resource-name': connection.machineName,
    'tenant-id': connection.tenantId,
    'service-principal-id': connection.clientId,
    config: configFile,
  };
  const args = ['connect', ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, value])];
  narrator.command('azcmagent', 'connect', '--endpoint', connection.endpoint, '…');
  try {
    // The secret is passed by a file that only its owner can read: a command line can be read by everybody (T52).
    writeFileSync(configFile, JSON.stringify({ 'service-principal-secret': connection.clientSecret }), { mode: 0o600 });
    narrator.output(await programs.mustRun('azcmagent', args, variables));
  } finally {
    rmSync(configFile, { force: true });
  }
}
