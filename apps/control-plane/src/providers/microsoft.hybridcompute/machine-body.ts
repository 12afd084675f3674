/** What a PUT or PATCH of a machine may say. Everything else of the resource is reported by the machine and read-only: it is ignored (S4.1). */
import * as z from 'zod/mini';
import { tagsSchema } from '../../arm/tags.ts';

/** The properties that are kept as they were sent. `agentConfiguration` is not one: no central role can change it. */
export const settableProperties = [
  'locationData',
  'detectedProperties',
  'mssqlDiscovered',
  'privateLinkScopeResourceId',
  'parentClusterResourceId',
  'cloudMetadata',
  'osType',
  'agentUpgrade',
] as const;

const shortText = z.string().check(z.maxLength(1024));

export const machineBodySchema = z.object({
  location: z.optional(shortText),
  tags: z.optional(z.nullable(tagsSchema)),
  properties: z.optional(
    z.looseObject({
      vmId: z.optional(
        z.string().check(z.regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'vmId is not a GUID')),
      ),
      clientPublicKey: z.optional(z.string().check(z.maxLength(4096))),
    }),
  ),
});
export type MachineBody = z.infer<typeof machineBodySchema>;

/** The settable ones of the properties sent, over those kept before. */
export function keptProperties(
  before: Readonly<Record<string, unknown>>,
  sent: MachineBody['properties'],
): Record<string, unknown> {
  const kept: Record<string, unknown> = { ...before };
  for (const name of settableProperties) {
    if (sent !== undefined && Object.hasOwn(sent, name)) kept[name] = sent[name];
  }
  return kept;
}
