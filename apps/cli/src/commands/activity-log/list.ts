import { buildCommand } from '@stricli/core';
import { CodedError, parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, eventSchema } from '../../resources.ts';
import { activityLogHeadings, activityLogRow } from './rows.ts';

interface Flags extends ApiFlags {
  readonly hours: number;
}

export const activityLogList = buildCommand({
  docs: { brief: 'Lists the activity log: who asked for what, on which resource, when, with which outcome' },
  parameters: {
    flags: {
      ...apiFlags,
      hours: { kind: 'parsed', parse: hours, brief: 'How far back', default: '24', placeholder: 'HOURS' },
    },
  },
  async func(this: CliContext, flags: Flags) {
    await withClient(this, flags, async (client) => {
      const since = new Date(Date.now() - flags.hours * 3_600_000).toISOString();
      const path = `/subscriptions/${client.connection.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
      const items = await client.list(path, apiVersions.insights, { $filter: `eventTimestamp ge '${since}'` });
      const events = items.map((item) => parseValue(eventSchema, item, 'An event of the activity log'));
      answer(this, flags, items, activityLogHeadings, events.map(activityLogRow));
    });
  },
});

function hours(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new CodedError('MalformedInput', `'${text}' is not a number of hours greater than 0.`);
  return value;
}
