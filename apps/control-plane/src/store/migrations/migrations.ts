import { activityCuts } from './activity-cuts.ts';
import { automaticUpgradeTables } from './automatic-upgrade-tables.ts';
import { chainedEvents } from './chained-events.ts';
import { eventsByGroup } from './events-by-group.ts';
import { firstTables } from './first-tables.ts';
import { heartbeatContent } from './heartbeat-content.ts';
import { machineKeys } from './machine-keys.ts';
import { machineStatements } from './machine-statements.ts';
import type { Migration } from './migration.ts';
import { operationOrders } from './operation-orders.ts';
import { operationProgress } from './operation-progress.ts';
import { plainResources } from './plain-resources.ts';
import { policyObjects } from './policy-objects.ts';
import { policyStates } from './policy-states.ts';
import { provisionOrder } from './provision-order.ts';
import { resourceTags } from './resource-tags.ts';
import { roleTables } from './role-tables.ts';
import { sharedFiles } from './shared-files.ts';
import { signInTables } from './sign-in-tables.ts';

/**
 * How the database came to be: an ordered list, only ever added to, one file each. Names begin with the minute they were written in.
 * `schema.sqlite.sql` and `schema.postgres.sql` show the result and a test holds them together.
 */
export const migrations: readonly Migration[] = [
  { name: '202611232300-first-tables', up: firstTables },
  { name: '202611250330-roles', up: roleTables },
  { name: '202611250340-operation-progress', up: operationProgress },
  { name: '202611250400-chain', up: chainedEvents },
  { name: '202611250430-policy', up: policyObjects },
  { name: '202611271840-plain-resources', up: plainResources },
  { name: '202611271841-policy-states', up: policyStates },
  { name: '202611271900-machine-keys', up: machineKeys },
  { name: '202611271910-shared-files', up: sharedFiles },
  { name: '202611271920-automatic-upgrade', up: automaticUpgradeTables },
  { name: '202611271930-sign-in', up: signInTables },
  { name: '202611272150-activity-cuts', up: activityCuts },
  { name: '202611280045-provision-order', up: provisionOrder },
  { name: '202611280405-machine-statements', up: machineStatements },
  { name: '202611280755-operation-orders', up: operationOrders },
  { name: '202611281410-resource-tags', up: resourceTags },
  { name: '202611281420-heartbeat-content', up: heartbeatContent },
  { name: '202611281755-events-by-group', up: eventsByGroup },
];
