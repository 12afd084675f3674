/**
 * `licenses` and `machines/{m}/licenseProfiles`: the shape of extended security updates and their assignment to machines, which
 * policies and templates refer to. Nothing is licensed by them here.
 */
import { scopeKey } from '../../rbac/scope.ts';
import * as z from 'zod/mini';
import type { ResourceType } from '../../arm/resource-type.ts';
import { parentMachine } from './machine-rows.ts';
import { idOfMachine } from './machine-view.ts';
import { findPlain, plainResource, propertiesOfPlain, type PlainResource } from '../../resources/plain-resource.ts';
import { stableGuid } from '../../resources/stable-guid.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { apiVersions, machineType, namespace } from './provider.ts';

export const licenseType = `${namespace}/licenses`;
export const licenseProfileType = `${machineType}/licenseProfiles`;

const text = z.optional(z.string().check(z.maxLength(1024)));

const licenseSchema = z.object({
  licenseType: text,
  tenantId: text,
  licenseDetails: z.optional(
    z.object({
      state: text,
      target: text,
      edition: text,
      type: text,
      processors: z.optional(z.int().check(z.minimum(0))),
      volumeLicenseDetails: z.optional(z.array(z.object({ programYear: text, invoiceId: text }))),
    }),
  ),
});

const profileSchema = z.object({
  esuProfile: z.optional(z.object({ assignedLicense: text })),
  productProfile: z.optional(
    z.object({
      productType: text,
      subscriptionStatus: text,
      productFeatures: z.optional(z.array(z.object({ name: text, subscriptionStatus: text }))),
    }),
  ),
  softwareAssurance: z.optional(z.object({ softwareAssuranceCustomer: z.optional(z.boolean()) })),
});

/** The rows of the registry. */
export function licenses(services: Services): readonly ResourceType[] {
  return [
    plainResource(services, {
      type: licenseType,
      scopes: ['subscription', 'resourceGroup'],
      apiVersions,
      resource: 'tracked',
      policy: 'indexed',
      created: 200,
      removed: 200,
      location: 'required',
      nameForm: /^[A-Za-z0-9_.-]{1,54}$/,
      properties: licenseSchema,
      shown: async (reader, row) => {
        const { licenseDetails } = propertiesOfPlain(row) as z.infer<typeof licenseSchema>;
        if (licenseDetails === undefined) return {};
        const details = { immutableId: stableGuid(row.resource_key), assignedLicenses: await assigned(reader, row) };
        return { licenseDetails: { ...licenseDetails, ...details } };
      },
    }),
    plainResource(services, {
      type: licenseProfileType,
      scopes: ['resourceGroup'],
      apiVersions,
      resource: 'tracked',
      policy: 'indexed',
      created: 201,
      removed: 204,
      location: 'optional',
      nameForm: /^default$/i,
      properties: profileSchema,
      shown: (reader, row) => shownProfile(reader, row),
      onlyName: 'default',
      parentId: async (reader, id) => idOfMachine(await parentMachine(reader, id)),
    }),
  ];
}

/** What a profile shows: the license that is assigned, with its own id where there is such a license. */
async function shownProfile(reader: Reader, row: PlainResource): Promise<Readonly<Record<string, unknown>>> {
  const { esuProfile } = propertiesOfPlain(row) as z.infer<typeof profileSchema>;
  if (esuProfile?.assignedLicense === undefined) return {};
  const license = await findPlain(reader, esuProfile.assignedLicense);
  if (license === undefined) return {};
  return { esuProfile: { ...esuProfile, assignedLicenseImmutableId: stableGuid(license.resource_key) } };
}

/**
 * What machines show of their license profiles, by machine id in lower case. Whether a machine is eligible for extended security
 * updates nobody has found out here.
 */
export async function machineLicenseProfiles(
  reader: Reader,
  machineIds: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  if (machineIds.length === 0) return new Map();
  const keys = machineIds.map((id) => `${scopeKey(id)}/licenseprofiles/default`);
  const rows = await reader
    .selectFrom('plain_resources')
    .selectAll()
    .where('type', '=', licenseProfileType)
    .where('resource_key', 'in', keys)
    .execute();
  const shown = rows.map(async (row) => {
    const { esuProfile, productProfile, softwareAssurance } = {
      ...(propertiesOfPlain(row) as z.infer<typeof profileSchema>),
      ...(await shownProfile(reader, row)),
    };
    const { assignedLicense, ...license } = esuProfile ?? {};
    const licenseAssignmentState = assignedLicense === undefined ? 'NotAssigned' : 'Assigned';
    const view = {
      esuProfile: { ...license, esuEligibility: 'Unknown', licenseAssignmentState },
      ...(productProfile === undefined ? {} : { productProfile }),
      ...(softwareAssurance === undefined ? {} : { softwareAssurance }),
    };
    return [row.resource_key.slice(0, -'/licenseprofiles/default'.length), view] as const;
  });
  return new Map(await Promise.all(shown));
}

async function assigned(reader: Reader, license: PlainResource): Promise<number> {
  const profiles = await reader
    .selectFrom('plain_resources')
    .select('properties')
    .where('type', '=', licenseProfileType)
    .where('subscription_id', '=', license.subscription_id)
    .execute();
  return profiles.filter((row) => {
    const { esuProfile } = propertiesOfPlain(row) as z.infer<typeof profileSchema>;
    return scopeKey(esuProfile?.assignedLicense ?? '') === license.resource_key;
  }).length;
}
