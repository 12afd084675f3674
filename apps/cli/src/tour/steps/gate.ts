/** One request is let in, the administrator closes the gate, the next is refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseValue } from '@sallyport/model';
import type { ArmClient, OperationOutcome } from '../../connection/arm-client.ts';
import { watchOperation } from '../../commands/extension/follow-operation.ts';
import { apiVersions, extensionPath, extensionSchema, machinePath } from '../../resources.ts';
import { customScript, location, otherwise, resourceName, serverVariables, type Stage } from '../stage.ts';

export async function letIn(stage: Stage, client: ArmClient): Promise<void> {
  const { narrator, options } = stage;
  narrator.step(`The centre asks for ${customScript}, with ${options.script.name}`);
  const outcome = await ask(stage, client);
  if (outcome.status !== 'Succeeded')
    throw otherwise(
      `The extension was to be let in, but ended as ${outcome.status}: ${outcome.code}: ${outcome.message}`,
    );
  const found = parseValue(
    extensionSchema,
    await client.get(extensionPath(machinePath(client.connection, undefined), resourceName), apiVersions.hybridCompute),
    'The extension',
  );
  narrator.note('What the script said:');
  narrator.output((found.properties.instanceView?.status?.message ?? '').trimEnd());
}

export async function closeGate({ state, narrator, programs }: Stage): Promise<void> {
  narrator.step("The server's administrator closes the gate, on the server");
  const variables = serverVariables(state);
  const args = ['config', 'set', 'extensions.blocklist', customScript, '--add'];
  narrator.command('azcmagent', ...args);
  narrator.output(await programs.mustRun('azcmagent', args, variables));
}

export async function refuse(stage: Stage, client: ArmClient): Promise<void> {
  const { state, narrator, programs } = stage;
  narrator.step('The centre asks again');
  const outcome = await ask(stage, client);
  if (outcome.status === 'Succeeded' || outcome.code !== 'ExtensionNotAllowed') {
    throw otherwise(
      `The extension was to be refused with ExtensionNotAllowed, but ended as ${outcome.status}${outcome.status === 'Succeeded' ? '' : `: ${outcome.code}: ${outcome.message}`}`,
    );
  }
  narrator.note(`${outcome.code}: ${outcome.message}`);
  narrator.note('The server explains itself:');
  const args = ['extension', 'explain', customScript, 'update'];
  narrator.command('azcmagent', ...args);
  const explained = await programs.run('azcmagent', args, serverVariables(state));
  narrator.output(explained.output);
}

/** A telling that was killed may have left a request under way: it comes to its end first, as only one may be. */
async function settle({ narrator }: Stage, client: ArmClient, path: string): Promise<void> {
  for (let told = false; ; told = true) {
    const found = await client.get(path, apiVersions.hybridCompute);
    if (found === undefined) return;
    const { provisioningState } = parseValue(extensionSchema, found, 'The extension').properties;
    if (/^(?:Succeeded|Failed|Canceled)$/.test(provisioningState)) return;
    if (!told) narrator.note('An earlier request is still under way; waiting for its end');
    await sleep(100);
  }
}

/** PUTs the extension and shows each step with its time since. */
async function ask(stage: Stage, client: ArmClient): Promise<OperationOutcome> {
  const { options, narrator } = stage;
  const path = extensionPath(machinePath(client.connection, undefined), resourceName);
  const [publisher, type] = customScript.split('/');
  await settle(stage, client, path);
  narrator.request('PUT', `…/machines/${client.connection.machineName}/extensions/${resourceName}`);
  const started = Date.now();
  const { operation } = await client.change('PUT', path, apiVersions.hybridCompute, {
    location,
    // A new timestamp makes the same script run again, as with the public extension of that name.
    properties: {
      publisher,
      type,
      settings: { script: options.script.encoded, timestamp: Math.floor(started / 1000) },
    },
  });
  if (operation === undefined) throw otherwise('The control plane was to name an operation to follow, but did not');
  return watchOperation(client, path, operation, (step) =>
    narrator.progress(step.state, Math.max(0, Date.parse(step.time) - started)),
  );
}
