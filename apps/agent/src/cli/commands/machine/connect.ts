/** `azcmagent connect`. */
import { connect } from '../../../connection/connect.ts';
import { connectRequest } from '../../../connection/connect-request.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, context: CommandContext): Promise<void> {
  const config = await connect(connectRequest(invocation, context.environment), context);
  const { voice } = context;
  voice.info(`Connected machine: ${config.resourceId}`);
  voice.value({
    status: 'success',
    resourceId: config.resourceId,
    resourceName: config.resourceName,
    vmId: config.vmId,
    tenantId: config.tenantId,
    correlationId: config.correlationId,
  });
}
