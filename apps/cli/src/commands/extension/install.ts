import { buildCommand } from '@stricli/core';
import { CodedError, parseExtensionName } from '@sallyport/model';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, extensionPath, machinePath } from '../../resources.ts';
import { followOperation } from './follow-operation.ts';
import { machineFlag } from './machine-flag.ts';
import { readSettings } from './settings-flag.ts';

interface Flags extends ApiFlags {
  readonly machine?: string;
  readonly name?: string;
  readonly version?: string;
  readonly settings?: string;
  readonly protectedSettings?: string;
  readonly after?: readonly string[];
  readonly wait: boolean;
}

export const extensionInstall = buildCommand({
  docs: {
    brief: 'Asks for an extension on a machine and shows what becomes of it',
    fullDescription:
      'Installs it, or reconfigures or upgrades the one that is there. The server decides whether it may; a refusal is shown with its reason.',
  },
  parameters: {
    flags: {
      ...apiFlags,
      ...machineFlag,
      name: {
        kind: 'parsed',
        parse: String,
        brief: 'Name of the resource; by default the type',
        optional: true,
        placeholder: 'NAME',
      },
      version: {
        kind: 'parsed',
        parse: String,
        brief: 'Version, or the first numbers of one; by default the newest',
        optional: true,
        placeholder: 'VERSION',
      },
      settings: {
        kind: 'parsed',
        parse: String,
        brief: 'JSON file with the public settings, - for standard input',
        optional: true,
        placeholder: 'FILE',
      },
      protectedSettings: {
        kind: 'parsed',
        parse: String,
        brief: 'JSON file with the protected settings, - for standard input',
        optional: true,
        placeholder: 'FILE',
      },
      after: {
        kind: 'parsed',
        parse: String,
        brief: 'Name of an extension that has to be there first; may be given more than once',
        optional: true,
        variadic: true,
        placeholder: 'NAME',
      },
      wait: { kind: 'boolean', brief: 'Wait for the outcome', default: true },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'The extension, as publisher/type', parse: String, placeholder: 'publisher/type' }],
    },
  },
  async func(this: CliContext, flags: Flags, extension: string) {
    const parsed = parseExtensionName(extension);
    if (!parsed.ok) {
      const hint = parsed.malformed.suggestion === undefined ? '' : ` Did you mean '${parsed.malformed.suggestion}'?`;
      throw new CodedError(
        'MalformedInput',
        `'${extension}' does not name an extension: ${parsed.malformed.reason}.${hint}`,
      );
    }
    await withClient(this, flags, async (client) => {
      const machine = machinePath(client.connection, flags.machine);
      const found = await client.get(machine, apiVersions.hybridCompute);
      if (found === undefined) throw new CodedError('ResourceNotFound', `There is no machine at ${machine}.`);
      const path = extensionPath(machine, flags.name ?? parsed.name.type);
      const accepted = await client.change('PUT', path, apiVersions.hybridCompute, {
        location: (found as { readonly location?: unknown }).location,
        properties: {
          publisher: parsed.name.publisher,
          type: parsed.name.type,
          ...(flags.version === undefined ? {} : { typeHandlerVersion: flags.version }),
          ...(flags.after === undefined ? {} : { provisionAfterExtensions: flags.after }),
          ...(flags.settings === undefined ? {} : { settings: readSettings(flags.settings) }),
          ...(flags.protectedSettings === undefined
            ? {}
            : { protectedSettings: readSettings(flags.protectedSettings) }),
        },
      });
      await followOperation(this, client, path, accepted, flags.wait);
    });
  },
});
