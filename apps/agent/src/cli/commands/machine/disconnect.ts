/** `azcmagent disconnect`. */
import { connectionToEnd, deleteResource, forgetConnection } from '../../../connection/disconnect.ts';
import { operatorCredentials } from '../../../connection/operator.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, context: CommandContext): Promise<void> {
  const { environment, voice } = context;
  const config = connectionToEnd(environment.root);
  const localOnly = invocation.flags.has('force-local-only');
  if (!localOnly) {
    const credentials = operatorCredentials(invocation);
    const tenantId = invocation.texts.get('tenant-id') ?? config.tenantId;
    await deleteResource(config, credentials, tenantId, context);
  }
  forgetConnection(environment.root);
  voice.info(
    localOnly
      ? `Disconnected here only; the resource still exists: ${config.resourceId}`
      : `Disconnected machine: ${config.resourceId}`,
  );
  voice.value({ status: 'success', resourceId: config.resourceId, resourceDeleted: !localOnly });
}
