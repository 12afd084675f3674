/** Looking up extensions and their operations. */
import { agentConfigurationSchema } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { ReportedControls } from '../../machines/stranded.ts';
import type { Reader } from '../../store/store.ts';
import type { Extension, Operation } from './extension-view.ts';
import { extensionType } from './provider.ts';

/** The extension of that name on a machine, or undefined. */
export function findExtension(reader: Reader, vmId: string, name: string): Promise<Extension | undefined> {
  return reader
    .selectFrom('extensions')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst();
}

/** All extensions of a machine. */
export function extensionsOf(reader: Reader, vmId: string): Promise<readonly Extension[]> {
  return reader.selectFrom('extensions').selectAll().where('vm_id', '=', vmId).execute();
}

/** An operation that must be there. */
export function operationById(reader: Reader, operationId: string): Promise<Operation> {
  return reader.selectFrom('operations').selectAll().where('operation_id', '=', operationId).executeTakeFirstOrThrow();
}

/** What a machine last said of its own controls; undefined for one that was never heard. */
export async function reportedControls(reader: Reader, vmId: string): Promise<ReportedControls | undefined> {
  const heartbeat = await reader
    .selectFrom('heartbeats')
    .select(['agent_configuration', 'received_at'])
    .where('vm_id', '=', vmId)
    .executeTakeFirst();
  if (heartbeat === undefined) return undefined;
  const controls = z.parse(agentConfigurationSchema, JSON.parse(heartbeat.agent_configuration));
  return { controls, at: heartbeat.received_at };
}

/** What a request for an extension that is not there is answered with. */
export function extensionNotFound(request: ArmRequest): ArmError {
  const [machine = '', name = ''] = request.id.providers.at(-1)?.names ?? [];
  return new ArmError(
    'ResourceNotFound',
    `The Resource '${extensionType.replace('/extensions', `/${machine}/extensions`)}/${name}' under resource group '${request.id.resourceGroup ?? ''}' was not found.`,
  );
}

/** The name of the extension resource in a request's path. */
export function extensionNameOfRequest(request: ArmRequest): string {
  return request.id.providers.at(-1)?.names[1] ?? '';
}
