/** The server is onboarded, once, and its agent runs. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '@sallyport/model';
import type { ArmClient } from '../../connection/arm-client.ts';
import type { Connection } from '../../connection/connection-file.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { mustRun, runProgram, startService, untilReady } from '../programs.ts';
import { customScript, location, serverVariables, type Stage } from '../stage.ts';

export async function connectServer(stage: Stage, connection: Connection, client: ArmClient): Promise<void> {
  const { state, narrator, services } = stage;
  narrator.step('The server: an agent with its own key, which trusts this catalog and no other');
  const variables = serverVariables(state);
  const agent = await shownAgent(variables);
  const machine = await client.get(machinePath(connection, undefined), apiVersions.hybridCompute);
  if (machine !== undefined && agent.resourceName === connection.machineName && agent.cloud === connection.endpoint) {
    narrator.note(`${connection.machineName} is connected already`);
  } else {
    await connectAgain(stage, connection, client, machine !== undefined);
  }
  // What an earlier telling left on the blocklist is taken off: the story starts with an open gate.
  const opened = await runProgram(
    'azcmagent',
    ['config', 'set', 'extensions.blocklist', customScript, '--remove'],
    variables,
  );
  if (opened.code !== 0) narrator.output(opened.output);
  const started = Date.now();
  const service = startService('azcmagent', ['run'], join(state.logs, 'agent.log'), variables);
  services.push(service);
  await untilReady(
    service,
    'The first heartbeat',
    async () => Date.parse((await shownAgent(variables)).lastHeartbeat) >= started,
  );
  narrator.note(`${connection.machineName} is connected; its files are under ${state.agentRoot}`);
}

const shownSchema = z.object({ resourceName: z.string(), cloud: z.string(), lastHeartbeat: z.string() });

/** What `azcmagent show` says of the connection. */
async function shownAgent(variables: Readonly<Record<string, string>>): Promise<z.infer<typeof shownSchema>> {
  return parseJson(
    shownSchema,
    await mustRun('azcmagent', ['show', '--json'], variables),
    "The answer of 'azcmagent show'",
  );
}

/** Onboards the server, anew where the control plane or the agent forgot the other or the address changed. */
async function connectAgain(
  { state, narrator }: Stage,
  connection: Connection,
  client: ArmClient,
  known: boolean,
): Promise<void> {
  const variables = serverVariables(state);
  if (known) {
    narrator.note(`The address is new, so ${connection.machineName} is onboarded again`);
    await client.change('DELETE', machinePath(connection, undefined), apiVersions.hybridCompute);
  }
  await runProgram('azcmagent', ['disconnect', '--force-local-only'], variables);
  const configFile = join(state.directory, 'connect.json');
  // The secret is passed by a file that only its owner can read: a command line can be read by everybody (T52).
  writeFileSync(configFile, JSON.stringify({ 'service-principal-secret': connection.clientSecret }), { mode: 0o600 });
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
  narrator.command(
    `azcmagent connect --endpoint ${connection.endpoint} --resource-name ${connection.machineName} --catalog-root … …`,
  );
  try {
    narrator.output(await mustRun('azcmagent', args, variables));
  } finally {
    rmSync(configFile, { force: true });
  }
}
