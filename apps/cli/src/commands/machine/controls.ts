import { buildCommand } from '@stricli/core';
import { CodedError, parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, keptStatementSchema, machinePath, shownControlsSchema } from '../../resources.ts';
import { agreedStatement, controlRows, signersRow } from '../../signed-controls.ts';
import { printable } from '../../output/table.ts';
import { machineArgument } from './machine-argument.ts';

export const machineControls = buildCommand({
  docs: {
    brief: 'Shows the local controls that a server has signed, and verifies them without believing the control plane',
  },
  parameters: {
    flags: {
      ...apiFlags,
      vmId: {
        kind: 'parsed',
        parse: String,
        brief: "The machine's VM ID, as 'azcmagent show' on the server says it; by default as the control plane does",
        optional: true,
        placeholder: 'GUID',
      },
    },
    positional: machineArgument,
  },
  async func(this: CliContext, flags: ApiFlags & { readonly vmId?: string }, machine?: string) {
    await withClient(this, flags, async (client) => {
      const path = machinePath(client.connection, machine);
      const name = machine ?? client.connection.machineName;
      const found = await client.get(path, apiVersions.hybridCompute);
      if (found === undefined)
        throw new CodedError(
          'ResourceNotFound',
          `There is no machine '${name}' in resource group '${client.connection.resourceGroup}'.`,
        );
      const { id, properties } = parseValue(shownControlsSchema, found, 'The machine');
      const [kept] = await client.list(`${path}/providers/Sallyport.Explain/statements`, apiVersions.explain);
      if (kept === undefined)
        throw new CodedError(
          'StatementMissing',
          `There is no signed statement of '${name}': its agent has not brought one, or the control plane does not show it. 'Last Signed Statement' of 'azcmagent show' on the server says which.`,
        );
      const { statement: text, receivedAt } = parseValue(keptStatementSchema, kept, 'The statement');
      const vmId = flags.vmId ?? properties.vmId;
      const statement = agreedStatement(text, vmId, id, properties.agentConfiguration ?? undefined);
      answer(
        this,
        flags,
        { ...statement, receivedAt },
        ['LOCAL CONTROL', 'VALUE'],
        [...controlRows(statement.agentConfiguration), signersRow(statement.signers)],
      );
      if (flags.output === 'json') return;
      const lines = [
        `Signed by the server at ${statement.time}, as statement ${statement.number}. Until then it was so; 'azcmagent show' on the server says which one is the newest.`,
        flags.vmId === undefined
          ? `Its key is the one that the VM ID ${vmId} stands for. That id is the control plane's word: compare it with 'azcmagent show' on the server, and give it with --vm-id next time.`
          : `Its key is the one that the VM ID ${vmId} stands for.`,
      ];
      this.process.stdout.write(`\n${lines.map((line) => printable(line)).join('\n')}\n`);
    });
  },
});
