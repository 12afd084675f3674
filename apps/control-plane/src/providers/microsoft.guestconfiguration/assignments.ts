/**
 * `Microsoft.GuestConfiguration/guestConfigurationAssignments` on machines: what policies assign and look for. The shape only: no machine
 * reports on one yet, so that each stays `Pending`, and what looks for compliance finds none (S7.1).
 */
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import { plainResource, propertiesOfPlain } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';
import { parentMachine } from '../microsoft.hybridcompute/machine-rows.ts';
import { idOfMachine } from '../microsoft.hybridcompute/machine-view.ts';
import { machineType } from '../microsoft.hybridcompute/provider.ts';

export const namespace = 'Microsoft.GuestConfiguration';
const assignmentType = `${namespace}/guestConfigurationAssignments`;

const versions = ['2024-04-05', '2022-01-25', '2021-01-25', '2020-06-25', '2018-11-20', '2018-06-30-preview'];
const text = z.optional(z.nullable(z.string().check(z.maxLength(4096))));
const parameter = z.object({ name: z.string(), value: z.string() });

const schema = z.object({
  context: text,
  guestConfiguration: z.optional(
    z.object({
      kind: text,
      name: text,
      version: text,
      contentUri: text,
      contentHash: text,
      contentType: text,
      assignmentType: text,
      configurationParameter: z.optional(z.array(parameter)),
      // Protected values could be kept from nobody here: refused, not stored (S1.7).
      configurationProtectedParameter: z.optional(
        z.array(parameter).check(z.maxLength(0, 'protected parameters cannot be delivered to the machine')),
      ),
    }),
  ),
});

/** The rows of the registry. */
export function guestConfigurationAssignments(services: Services): readonly ResourceType[] {
  return [
    plainResource(services, {
      type: assignmentType,
      scopes: ['resource'],
      apiVersions: versions,
      resource: 'none',
      policy: 'indexed',
      created: 201,
      removed: 200,
      location: 'optional',
      nameForm: /^[^<>*%&:\\?+/\u0000-\u001f]{1,128}$/,
      properties: schema,
      shown: (_reader, row) => {
        const { guestConfiguration } = propertiesOfPlain(row) as z.infer<typeof schema>;
        const parameters = guestConfiguration?.configurationParameter ?? [];
        const written = parameters.map(({ name, value }) => `${name}=${value}`).join(',');
        return Promise.resolve({
          complianceStatus: 'Pending',
          parameterHash: Buffer.from(written, 'utf8').toString('base64'),
          targetResourceId: row.resource_id.slice(0, row.resource_id.lastIndexOf('/providers/')),
        });
      },
      parentId: async (reader, id) => {
        const beneath = { ...id, providers: id.providers.slice(0, -1) };
        const on = beneath.providers.at(-1);
        if (`${on?.namespace ?? ''}/${on?.types.join('/') ?? ''}`.toLowerCase() !== machineType.toLowerCase())
          throw new ArmError(
            'InvalidParameter',
            `Guest configuration is assigned to machines, not to '${scopeBeneath(id)}'.`,
          );
        return idOfMachine(await parentMachine(reader, beneath));
      },
    }),
  ];
}
