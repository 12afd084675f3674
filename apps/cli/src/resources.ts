/** The resources the CLI shows, read from the API's answers: only what is shown is asked of them. */
import * as z from 'zod/mini';
import { machineResourceId } from '@sallyport/model';
import { agentConfigurationSchema } from '@sallyport/model/wire';
import type { Connection } from './connection/connection-file.ts';

export const apiVersions = {
  hybridCompute: '2024-07-10',
  resources: '2021-04-01',
  insights: '2015-04-01',
  authorization: '2022-04-01',
  identity: '2026-11-01',
  upgrades: '2026-11-01',
  explain: '2026-11-01',
  orders: '2026-11-01',
} as const;

const text = z._default(z.string(), '');
const status = z.object({ code: text, level: text, displayStatus: text, message: text, time: text });

export const machineSchema = z.object({
  name: z.string(),
  id: z.string(),
  location: text,
  properties: z.object({
    status: text,
    agentVersion: text,
    lastStatusChange: text,
    agentConfiguration: z.optional(z.object({ configMode: text, extensionsEnabled: text })),
  }),
});
export type Machine = z.infer<typeof machineSchema>;

export const extensionSchema = z.object({
  name: z.string(),
  id: z.string(),
  properties: z.object({
    publisher: text,
    type: text,
    typeHandlerVersion: text,
    provisioningState: text,
    instanceView: z.optional(
      z.nullable(
        z.object({ status: z.optional(z.nullable(status)), statuses: z.optional(z.nullable(z.array(status))) }),
      ),
    ),
  }),
});
export type Extension = z.infer<typeof extensionSchema>;

/** What a machine signed of itself, as `Sallyport.Explain/statements` has it. */
export const keptStatementSchema = z.object({ statement: z.string(), receivedAt: text });

/** What the control plane shows of a machine's local controls, to be held against what the machine signed. */
export const shownControlsSchema = z.object({
  id: z.string(),
  properties: z.object({ vmId: z.string(), agentConfiguration: z.optional(z.nullable(agentConfigurationSchema)) }),
});

const sentence = z.optional(z.object({ message: text }));

/** The last operation of an extension, as `Sallyport.Explain/operations` tells of it. */
export const operationExplanationSchema = z.object({
  extension: z.string(),
  installed: text,
  state: text,
  message: text,
  deadline: z.optional(z.string()),
  step: z.optional(z.object({ name: text, deadline: z.optional(z.string()) })),
  explanation: sentence,
  stranded: sentence,
});

const named = z.object({ value: text });
export const eventSchema = z.object({
  eventTimestamp: z.string(),
  caller: text,
  operationName: named,
  status: named,
  subStatus: z.optional(named),
  resourceId: text,
  properties: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});
export type ActivityLogEvent = z.infer<typeof eventSchema>;

/** Path of a machine: the named one, else the connection's. */
export function machinePath(connection: Connection, machine: string | undefined, resourceGroup?: string): string {
  return machineResourceId(
    connection.subscriptionId,
    resourceGroup ?? connection.resourceGroup,
    machine ?? connection.machineName,
  );
}

/** Path of an extension resource on a machine. */
export function extensionPath(machine: string, name: string): string {
  return `${machine}/extensions/${encodeURIComponent(name)}`;
}
