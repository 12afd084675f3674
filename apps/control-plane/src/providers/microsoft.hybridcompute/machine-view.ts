/** A machine as ARM shows it (arm-api §1.2, §6.2). */
import type { AgentConfiguration, ServiceStatuses, SystemFacts } from '@sallyport/model/wire';
import { machineResourceId } from '@sallyport/model';
import type { Selectable } from 'kysely';
import { systemData } from '../../arm/system-data.ts';
import { readTags } from '../../arm/tags.ts';
import { machineStatus } from '../../machines/machine-status.ts';
import { quarantineSentence } from '../../machines/quarantine.ts';
import type { HeartbeatRow, MachineRow } from '../../store/schema/machine-rows.ts';
import { machineType } from './provider.ts';

export type Machine = Selectable<MachineRow>;
export type Heartbeat = Selectable<HeartbeatRow>;

/** The id of a machine in its stored spelling. */
export function idOfMachine(machine: Pick<Machine, 'subscription_id' | 'group_name' | 'name'>): string {
  return machineResourceId(machine.subscription_id, machine.group_name, machine.name);
}

/** The resource as served. */
export function machineView(
  machine: Machine,
  heartbeat: Heartbeat | undefined,
  tenantId: string,
  now: number,
  licenseProfile?: Readonly<Record<string, unknown>>,
): unknown {
  const { status, since } = machineStatus(heartbeat, machine, now);
  return {
    id: idOfMachine(machine),
    name: machine.name,
    type: machineType,
    location: machine.location,
    tags: readTags(machine.tags),
    identity: { principalId: machine.principal_id, tenantId, type: 'SystemAssigned' },
    systemData: systemData(machine),
    properties: {
      ...(JSON.parse(machine.properties) as Record<string, unknown>),
      ...(heartbeat === undefined ? {} : reported(heartbeat)),
      provisioningState: 'Succeeded',
      status,
      lastStatusChange: new Date(since).toISOString(),
      errorDetails: errorDetailsOf(machine),
      ...(machine.quarantined_at === null ? {} : { statusReason: 'Cloned' }),
      ...(licenseProfile === undefined ? {} : { licenseProfile }),
      vmId: machine.vm_id,
      displayName: machine.name,
      clientPublicKey: machine.public_key,
    },
  };
}

function errorDetailsOf({ name, quarantined_at, quarantine_reason }: Machine): readonly unknown[] {
  if (quarantined_at === null) return [];
  return [{ code: 'MachineQuarantined', message: quarantineSentence(name, quarantine_reason ?? ''), target: name }];
}

function reported(heartbeat: Heartbeat): Record<string, unknown> {
  const facts = JSON.parse(heartbeat.system) as SystemFacts;
  const servers = facts.databaseServers;
  return {
    osProfile: { computerName: facts.computerName },
    agentVersion: heartbeat.agent_version,
    machineFqdn: facts.machineFqdn,
    dnsFqdn: facts.machineFqdn,
    osName: facts.osName,
    osVersion: facts.osVersion,
    osSku: facts.osSku,
    osType: facts.osType,
    vmUuid: facts.vmUuid,
    ...(servers === undefined ? {} : { mssqlDiscovered: String(servers.includes('mssql')) }),
    detectedProperties: {
      manufacturer: facts.manufacturer,
      model: facts.model,
      ...(servers === undefined
        ? {}
        : {
            mysqlDiscovered: String(servers.includes('mysql')),
            pgsqlDiscovered: String(servers.includes('postgresql')),
          }),
    },
    agentConfiguration: JSON.parse(heartbeat.agent_configuration) as AgentConfiguration,
    serviceStatuses: JSON.parse(heartbeat.service_statuses) as ServiceStatuses,
  };
}
