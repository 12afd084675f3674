/** One request is let in, the administrator closes the gate, the next is refused. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parseValue } from '@sallyport/model';
import type { ArmClient, OperationOutcome } from '../../connection/arm-client.ts';
import { watchOperation } from '../../commands/extension/follow-operation.ts';
import { apiVersions, extensionPath, extensionSchema, machinePath } from '../../resources.ts';
import { defaultScript } from '../default-script.ts';
import { mustRun, runProgram } from '../programs.ts';
import { customScript, location, otherwise, resourceName, serverVariables, type Stage } from '../stage.ts';

export async function letIn(stage: Stage, client: ArmClient): Promise<void> {
  const { narrator, options } = stage;
  narrator.step(
    `The centre asks for ${customScript}${options.scriptFile === undefined ? ', with a script that reports on this machine' : `, with the script ${options.scriptFile}`}`,
  );
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

export async function closeGate({ state, narrator }: Stage): Promise<void> {
  narrator.step("The server's administrator closes the gate, on the server");
  const variables = serverVariables(state);
  narrator.command(`azcmagent config set extensions.blocklist ${customScript} --add`);
  narrator.output(
    await mustRun('azcmagent', ['config', 'set', 'extensions.blocklist', customScript, '--add'], variables),
  );
}

export async function refuse(stage: Stage, client: ArmClient): Promise<void> {
  const { state, narrator } = stage;
  narrator.step('The centre asks again');
  const outcome = await ask(stage, client);
  if (outcome.status === 'Succeeded' || outcome.code !== 'ExtensionNotAllowed') {
    throw otherwise(
      `The extension was to be refused with ExtensionNotAllowed, but ended as ${outcome.status}${outcome.status === 'Succeeded' ? '' : `: ${outcome.code}: ${outcome.message}`}`,
    );
  }
  narrator.note(`${outcome.code}: ${outcome.message}`);
  narrator.note('The server explains itself:');
  narrator.command(`azcmagent extension explain ${customScript} update`);
  const explained = await runProgram('azcmagent', ['extension', 'explain', customScript, 'update'], {
    AZCMAGENT_ROOT: state.agentRoot,
  });
  narrator.output(explained.output);
}

/** PUTs the extension and shows each step with its time since. */
async function ask({ options, narrator }: Stage, client: ArmClient): Promise<OperationOutcome> {
  const script = options.scriptFile === undefined ? defaultScript : readFileSync(options.scriptFile);
  const path = extensionPath(machinePath(client.connection, undefined), resourceName);
  const [publisher, type] = customScript.split('/');
  narrator.command(`PUT …/machines/${client.connection.machineName}/extensions/${resourceName}`);
  const started = Date.now();
  const { operation } = await client.change('PUT', path, apiVersions.hybridCompute, {
    location,
    // A new timestamp makes the same script run again, as with the public extension of that name.
    properties: {
      publisher,
      type,
      settings: { script: gzipSync(script).toString('base64'), timestamp: Math.floor(started / 1000) },
    },
  });
  if (operation === undefined) throw otherwise('The control plane was to name an operation to follow, but did not');
  return watchOperation(client, path, operation, (step) =>
    narrator.progress(step.state, Math.max(0, Date.parse(step.time) - started)),
  );
}
