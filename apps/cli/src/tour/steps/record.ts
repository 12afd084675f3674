/** What is on record, and how to go on. */
import { relative } from 'node:path';
import { parseValue } from '@sallyport/model';
import type { ArmClient } from '../../connection/arm-client.ts';
import type { Connection } from '../../connection/connection-file.ts';
import { activityLogHeadings, activityLogRow } from '../../commands/activity-log/rows.ts';
import { apiVersions, eventSchema } from '../../resources.ts';
import { customScript, otherwise, type Stage } from '../stage.ts';

export async function showActivityLog({ narrator }: Stage, client: ArmClient): Promise<void> {
  narrator.step('Both are on record: the activity log');
  const path = `/subscriptions/${client.connection.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const events = (await client.list(path, apiVersions.insights, { $filter: `eventTimestamp ge '${since}'` })).map(
    (item) => parseValue(eventSchema, item, 'An event of the activity log'),
  );
  // The API answers newest first; turned round, events of one instant keep their order.
  const told = events
    .toReversed()
    .sort((a, b) => a.eventTimestamp.localeCompare(b.eventTimestamp))
    .slice(-12);
  narrator.table(
    activityLogHeadings,
    told.map(activityLogRow).map(([time, ...rest]) => [time.slice(time.indexOf(' ') + 1), ...rest]),
  );
  const of = (status: string): boolean =>
    told.some(
      (event) => event.status.value === status && event.operationName.value.toLowerCase().endsWith('extensions/write'),
    );
  if (!of('Succeeded') || !of('Failed'))
    throw otherwise('The activity log was to hold both the success and the refusal, but does not');
}

/** What a stranger needs to go on. */
export function tellHowToGoOn({ state, narrator }: Stage, connection: Connection): void {
  const here = (file: string): string => {
    const near = relative(process.cwd(), file);
    return near.startsWith('..') ? file : near;
  };
  narrator.step('Go on yourself');
  narrator.output(
    [
      `API             ${connection.endpoint}`,
      `CA              ${here(connection.caFile)}`,
      `Tenant          ${connection.tenantId}`,
      `Client          ${connection.clientId}`,
      `Client secret   in ${here(state.connectionFile)}`,
      `Subscription    ${connection.subscriptionId}`,
      `Resource group  ${connection.resourceGroup}`,
      `Machine         ${connection.machineName}`,
    ].join('\n'),
  );
  const onServer = [`AZCMAGENT_ROOT=${here(state.agentRoot)}`, 'npx', 'azcmagent', 'config'];
  narrator.command('npx', 'sallyport', 'extension', 'list', '--connection', here(state.connectionFile));
  narrator.command(...onServer, 'list');
  narrator.command(...onServer, 'set', 'extensions.blocklist', customScript, '--remove');
}
