import { createInterface } from 'node:readline/promises';
import { digestOfOperation } from '@sallyport/local-controls';
import { CodedError } from '@sallyport/model';
import { digestOfText, writeOrder, type Order } from '@sallyport/model/orders';
import { buildCommand, numberParser } from '@stricli/core';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { describeOrder } from '../../orders/describe-order.ts';
import { keyFlags, operatorKey, signerTextOf, type KeyFlags } from '../../orders/operator-key.ts';
import { sealForMachine } from '../../orders/seal-for-machine.ts';
import { findWaiting, operationOf, ordersPath, type WaitingOrder } from '../../orders/waiting-order.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { machineFlag } from '../extension/machine-flag.ts';
import { readSettings } from '../extension/settings-flag.ts';
import { nameArgument } from './name-argument.ts';

interface Flags extends ApiFlags, KeyFlags {
  readonly machine?: string;
  readonly vmId?: string;
  readonly protectedSettings?: string;
  readonly hours: number;
  readonly expect?: string;
}

/** The clock of the server may be a little behind. Milliseconds. */
const clocksDiffer = 5 * 60 * 1000;

export const orderSign = buildCommand({
  docs: {
    brief: 'Signs what is under way on an extension, so that a server does it that wants signatures',
    fullDescription:
      'Shows it in full and asks before it signs. A script reads it with order show --output json, and names what it has seen with --expect: something else is not signed.',
  },
  parameters: {
    flags: {
      ...apiFlags,
      ...machineFlag,
      ...keyFlags,
      vmId: {
        kind: 'parsed',
        parse: String,
        brief: "The machine's VM ID, as 'azcmagent show' on the server says it; another one is not signed for",
        optional: true,
        placeholder: 'GUID',
      },
      protectedSettings: {
        kind: 'parsed',
        parse: String,
        brief:
          'JSON file with the protected settings that were asked for, - for standard input; sealed for the machine here',
        optional: true,
        placeholder: 'FILE',
      },
      hours: { kind: 'parsed', parse: numberParser, brief: 'How long the signature is good', default: '48' },
      expect: {
        kind: 'parsed',
        parse: String,
        brief: "Signs this and nothing else, without asking: the digest that 'order show' prints",
        optional: true,
        placeholder: 'DIGEST',
      },
    },
    positional: nameArgument,
  },
  async func(this: CliContext, flags: Flags, name: string) {
    if (!(flags.hours > 0 && flags.hours <= 24 * 366))
      throw new CodedError('MalformedInput', '--hours is a number above 0 and at most 8784.');
    const key = await operatorKey(flags);
    await withClient(this, flags, async (client) => {
      const machine = machinePath(client.connection, flags.machine);
      const waiting = await findWaiting(client, machine, name);
      requireMachine(waiting, flags.vmId);
      const settings = protectedSettingsFor(waiting, flags.protectedSettings);
      await confirm(this, waiting, flags.expect);
      const sealed = settings === undefined ? undefined : await sealForMachine(client, machine, waiting, settings);
      const order = orderOf(waiting, sealed, flags.hours, Date.now());
      const signer = signerTextOf(key);
      await client.change('POST', `${ordersPath(machine)}/${waiting.operationId}/sign`, apiVersions.orders, {
        signer,
        order: writeOrder(order, (bytes) => Buffer.from(key.sign(bytes), 'hex')),
        ...(sealed === undefined ? {} : { sealed }),
      });
      const digest = digestOfOperation(order.operation);
      this.process.stdout.write(
        flags.output === 'json'
          ? `${JSON.stringify({ signer, digest, notAfter: order.notAfter }, undefined, 2)}\n`
          : `Signed as ${signer}. The server has it in a moment: sallyport extension explain ${waiting.resourceName}\n`,
      );
    });
  },
});

function orderOf(waiting: WaitingOrder, sealed: string | undefined, hours: number, now: number): Order {
  return {
    operation: operationOf(waiting),
    protectedSettings:
      waiting.protectedSettings === 'sealed' && sealed !== undefined
        ? { kind: 'sealed', sealedText: digestOfText(sealed) }
        : { kind: waiting.protectedSettings === 'kept' ? 'kept' : 'none' },
    notBefore: new Date(now - clocksDiffer).toISOString(),
    notAfter: new Date(now + hours * 60 * 60 * 1000).toISOString(),
  };
}

function requireMachine({ machineId }: WaitingOrder, vmId: string | undefined): void {
  if (vmId === undefined || vmId.toLowerCase() === machineId.toLowerCase()) return;
  throw new CodedError(
    'MachineDiffers',
    `What is under way is for the machine with VM ID ${machineId}, not for ${vmId}: nothing was signed.`,
  );
}

/** Whoever signs new protected settings brings them: those that came before are readable for the machine only. */
function protectedSettingsFor(
  { protectedSettings, resourceName }: WaitingOrder,
  file: string | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (protectedSettings === 'sealed' && file === undefined) {
    throw new CodedError(
      'ProtectedSettingsMissing',
      `'${resourceName}' comes with protected settings that nobody but the machine can read. Give those that you approve with --protected-settings; the machine compares them.`,
    );
  }
  if (protectedSettings !== 'sealed' && file !== undefined)
    throw new CodedError(
      'MalformedInput',
      `'${resourceName}' comes without new protected settings: leave out --protected-settings.`,
    );
  return file === undefined ? undefined : readSettings(file);
}

async function confirm({ process }: CliContext, waiting: WaitingOrder, expected: string | undefined): Promise<void> {
  const digest = digestOfOperation(operationOf(waiting));
  if (expected !== undefined) {
    if (expected.toLowerCase() === digest) return;
    throw new CodedError(
      'OrderDiffers',
      `What is under way on '${waiting.resourceName}' is not what was expected (its digest is ${digest}): nothing was signed. Look at it again: sallyport order show`,
    );
  }
  process.stdout.write(`${describeOrder(waiting).join('\n')}\n`);
  if (!process.stdin.isTTY) {
    throw new CodedError(
      'ConfirmationMissing',
      'Nobody is there to ask whether to sign this, so it is not signed. A script gives the digest that it has seen: --expect DIGEST',
    );
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const said = await asking.question('Sign this? [y/N] ').finally(() => asking.close());
  if (!/^y(?:es)?$/i.test(said.trim())) throw new CodedError('NotConfirmed', 'Nothing was signed.');
}
