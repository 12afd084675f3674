/** A machine and operations in a store, for tests of what happens to them. */
import { randomUUID } from 'node:crypto';
import type { Environment } from '../environment.ts';
import { startOperation } from '../providers/microsoft.hybridcompute/start-operation.ts';
import type { Machine } from '../providers/microsoft.hybridcompute/machine-view.ts';
import type { ExtensionGoal } from '../machines/extension-goal.ts';
import { keepTags } from '../resources/keep-tags.ts';
import { taggedExtension, taggedMachine } from '../resources/tag-keys.ts';
import type { ExtensionRow } from '../store/schema/extension-rows.ts';
import type { MachineRow } from '../store/schema/machine-rows.ts';
import type { Store, Writer } from '../store/store.ts';
import { testEvent } from './test-event.ts';
import { testOrigin } from './test-origin.ts';

/** Stores a machine named `m`; `over` are the columns that matter to a test. */
export function addMachine(
  environment: Environment,
  store: Store,
  over: Partial<Omit<MachineRow, 'vm_id'>> = {},
): Promise<Machine> {
  const vm_id = randomUUID();
  return store.change(async (writer) => {
    const now = environment.now();
    const value = await writer
      .insertInto('machines')
      .values({
        vm_id,
        subscription_id: 's',
        group_key: 'g',
        group_name: 'g',
        name_key: `m-${vm_id}`,
        name: 'm',
        location: 'here',
        tags: '{}',
        principal_id: randomUUID(),
        public_key: vm_id,
        key_since: now,
        quarantined_at: null,
        quarantine_reason: null,
        properties: '{}',
        generation: 1,
        created_at: now,
        created_by: 'c',
        changed_at: now,
        changed_by: 'c',
        ...over,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await keepTags(writer, taggedMachine(value), undefined, value.tags);
    return { value, events: [testEvent()] };
  });
}

export interface TestOperation {
  readonly operationId: string;
  readonly goal: ExtensionGoal;
}

/** Stores the extension `e` with a running operation. `installed` is the version that the machine has, '' for none. */
export function addOperation(
  environment: Environment,
  store: Store,
  machine: Machine,
  kind: 'install' | 'upgrade' | 'delete',
  installed: string,
  lapseGoal: ExtensionGoal | undefined,
): Promise<TestOperation> {
  const operationId = randomUUID();
  const goal: ExtensionGoal = {
    desired: kind === 'delete' ? 'absent' : 'present',
    version: kind === 'delete' ? '' : '2.0.0',
    sha256: '',
    operationId,
    sequence: 7,
    settings: null,
    protectedSettings: { kind: 'sealed', jwe: 'sealed' },
  };
  return store.change(async (writer) => {
    await startOperation(writer, environment, machine, 'e', kind, testOrigin(operationId));
    await insertExtension(environment, writer, machine, {
      operation_id: operationId,
      goal: JSON.stringify(goal),
      lapse_goal: lapseGoal === undefined ? null : JSON.stringify(lapseGoal),
      installed_version: installed,
    });
    return { value: { operationId, goal }, events: [testEvent()] };
  });
}

/** Stores an extension of `P/T` that has no operation of its own; `over` are the columns that matter to a test. */
export function addExtension(
  environment: Environment,
  store: Store,
  machine: Machine,
  over: Partial<ExtensionRow> & Pick<ExtensionRow, 'name_key'>,
): Promise<void> {
  return store.change(async (writer) => {
    await insertExtension(environment, writer, machine, { name: over.name_key, ...over });
    return { value: undefined, events: [testEvent()] };
  });
}

async function insertExtension(
  environment: Environment,
  writer: Writer,
  machine: Machine,
  over: Partial<ExtensionRow>,
): Promise<void> {
  const now = environment.now();
  const { name_key, tags } = await writer
    .insertInto('extensions')
    .values({
      vm_id: machine.vm_id,
      name_key: 'e',
      name: 'e',
      location: 'here',
      tags: '{}',
      extension_key: 'p/t',
      publisher: 'P',
      type: 'T',
      type_handler_version: '2.0.0',
      auto_upgrade_minor_version: 0,
      enable_automatic_upgrade: null,
      force_update_tag: null,
      settings: null,
      provision_after: null,
      operation_id: 'earlier',
      sequence: 7,
      goal: null,
      lapse_goal: null,
      installed_version: '',
      status: null,
      created_at: now,
      created_by: 'c',
      changed_at: now,
      changed_by: 'c',
      ...over,
    })
    .returning(['name_key', 'tags'])
    .executeTakeFirstOrThrow();
  await keepTags(writer, taggedExtension(machine, name_key), undefined, tags);
}
