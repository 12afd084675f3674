import { buildCommand } from '@stricli/core';
import { CodedError } from '@sallyport/model';
import { authorizationPath, scopeOf } from '../../access/scope.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { scopeFlag } from './scope-flag.ts';

export const roleUnassign = buildCommand({
  docs: { brief: 'Takes a role away; it is gone at once' },
  parameters: {
    flags: { connection: apiFlags.connection, ...scopeFlag },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Its name, as `role assignments` lists it', parse: String, placeholder: 'assignment' }],
    },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'> & { readonly scope?: string }, assignment: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const scope = scopeOf(client.connection, flags.scope);
      const path = authorizationPath(scope, `roleAssignments/${encodeURIComponent(assignment)}`);
      const { body } = await client.change('DELETE', path, apiVersions.authorization);
      if (body === undefined)
        throw new CodedError(
          'ResourceNotFound',
          `There is no role assignment '${assignment}' at ${scope}. Name its own scope with --scope; sallyport role assignments shows it.`,
        );
      this.process.stdout.write(`The role assignment '${assignment}' at ${scope} is gone.\n`);
    });
  },
});
