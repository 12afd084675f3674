/** An extension as ARM shows it (arm-agent §5.12). Protected settings are never part of it, in any form (S1.7). */
import { handlerName, isTerminal, type OperationState } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import type { Selectable } from 'kysely';
import { systemData } from '../../arm/system-data.ts';
import { readTags } from '../../arm/tags.ts';
import { progressStatus } from '../../machines/operation-progress.ts';
import { namesBefore } from '../../machines/provision-order.ts';
import { readSteps } from '../../machines/operation-steps.ts';
import { strandedBy, type ReportedControls } from '../../machines/stranded.ts';
import type { ExtensionRow, OperationRow } from '../../store/schema/extension-rows.ts';
import { idOfMachine, type Machine } from './machine-view.ts';
import { extensionType } from './provider.ts';

export type Extension = Selectable<ExtensionRow>;
export type Operation = Selectable<OperationRow>;

/** The id of an extension in its stored spelling. */
export function idOfExtension(machine: Machine, name: string): string {
  return `${idOfMachine(machine)}/extensions/${name}`;
}

/** ARM's word for where the last operation stands. */
export function provisioningStateOf(operation: Pick<Operation, 'kind' | 'state'>): string {
  const state = operation.state as OperationState;
  if (!isTerminal(state)) {
    if (operation.kind === 'delete') return 'Deleting';
    return operation.kind === 'install' ? 'Creating' : 'Updating';
  }
  return state === 'TimedOut' ? 'Failed' : state;
}

/**
 * The resource as served. `operation` is the last one of the resource; `now` tells how long it has been at its step. With the
 * machine's own controls it is said whether they strand the extension (S4.6).
 */
export function extensionView(
  machine: Machine,
  extension: Extension,
  operation: Operation,
  now: number,
  reported?: ReportedControls,
): unknown {
  const minor = extension.auto_upgrade_minor_version === 1;
  return {
    id: idOfExtension(machine, extension.name),
    name: extension.name,
    type: extensionType,
    location: extension.location,
    tags: readTags(extension.tags),
    systemData: systemData(extension),
    properties: {
      ...(extension.force_update_tag === null ? {} : { forceUpdateTag: extension.force_update_tag }),
      publisher: extension.publisher,
      type: extension.type,
      typeHandlerVersion:
        extension.installed_version === '' ? extension.type_handler_version : extension.installed_version,
      autoUpgradeMinorVersion: minor,
      ...(extension.enable_automatic_upgrade === null
        ? {}
        : { enableAutomaticUpgrade: extension.enable_automatic_upgrade === 1 }),
      ...(extension.provision_after === null
        ? {}
        : { provisionAfterExtensions: namesBefore(extension.provision_after) }),
      ...(extension.settings === null ? {} : { settings: JSON.parse(extension.settings) as unknown }),
      provisioningState: provisioningStateOf(operation),
      instanceView: instanceView(extension, operation, now, reported),
    },
  };
}

function instanceView(
  extension: Extension,
  operation: Operation,
  now: number,
  reported: ReportedControls | undefined,
): unknown {
  const stranded = strandedStatus(extension, reported);
  const handler = handlerStatus(extension, operation);
  const steps = readSteps(operation.steps);
  const progress = operation.ended_at === null ? progressStatus(operation.progress, now) : undefined;
  return {
    name: extension.name,
    type: extension.type,
    typeHandlerVersion: extension.installed_version,
    status: statusOf(extension, operation),
    statuses: [
      ...steps.map(({ state, time }, i) => ({
        code: `OperationState/${state}`,
        level: state === 'Failed' || state === 'TimedOut' ? 'Error' : 'Information',
        displayStatus: state,
        message: i === steps.length - 1 ? (operation.error_message ?? '') : '',
        time,
      })),
      ...(handler === undefined ? [] : [handler]),
      ...(stranded === undefined ? [] : [stranded]),
      ...(progress === undefined ? [] : [progress]),
    ],
  };
}

/** What the extension says of itself, where `status` has to say that its operation failed. */
function handlerStatus({ status }: Extension, { error_code }: Operation): InstanceStatus | undefined {
  if (error_code === null || status === null) return undefined;
  const said = JSON.parse(status) as InstanceStatus;
  return { ...said, code: `Sallyport/HandlerStatus/${said.code}` };
}

/** It was installed before a list was set on its machine: whoever waits for an upgrade waits in vain. */
function strandedStatus(extension: Extension, reported: ReportedControls | undefined): InstanceStatus | undefined {
  const stranded = strandedBy(extension, reported);
  if (stranded === undefined) return undefined;
  const time = new Date(stranded.toldAt).toISOString();
  return { code: 'Sallyport/Stranded', level: 'Warning', displayStatus: 'Stranded', message: stranded.message, time };
}

/** The operation's error while that is the last word; otherwise what the handler said, or where things stand. */
function statusOf(extension: Extension, operation: Operation): InstanceStatus {
  const time = new Date(operation.ended_at ?? operation.created_at).toISOString();
  if (operation.error_code !== null) {
    return {
      code: operation.error_code,
      level: 'Error',
      displayStatus: 'Provisioning failed',
      message: operation.error_message ?? '',
      time,
    };
  }
  // Also while the operation is under way: extensions tell how far they are, or that they have not said anything yet.
  if (operation.kind !== 'delete' && extension.status !== null) return JSON.parse(extension.status) as InstanceStatus;
  const handler = handlerName({ publisher: extension.publisher, type: extension.type } as Parameters<
    typeof handlerName
  >[0]);
  return {
    code: operation.state,
    level: 'Information',
    displayStatus: operation.state,
    message: `${handler}: ${operation.state}`,
    time,
  };
}
