/** How an event of the activity log is shown as a row. */
import type { ActivityLogEvent } from '../../resources.ts';

export const activityLogHeadings = ['TIME (UTC)', 'CALLER', 'CHANGE', 'OUTCOME'] as const;

/** One row: when, who, what on which resource, with which outcome; what failed has its error code there. */
export function activityLogRow(event: ActivityLogEvent): [time: string, ...string[]] {
  const [kind = '', verb = ''] = event.operationName.value.split('/').slice(-2);
  const resource = event.resourceId.split('/').slice(-2).map(shortened).join('/');
  const [, name = resource] = resource.split('/');
  const reason = reasonOf(event);
  return [
    event.eventTimestamp.replace('T', ' ').replace(/\.\d+Z?$|Z$/, ''),
    shortened(event.caller),
    `${verb} ${kind}/${name}`,
    reason === '' ? event.status.value : `${event.status.value}: ${reason}`,
  ];
}

function reasonOf(event: ActivityLogEvent): string {
  const message = event.properties?.['statusMessage'];
  if (event.status.value !== 'Failed' || typeof message !== 'string') return '';
  try {
    const code: unknown = JSON.parse(message)?.error?.code;
    return typeof code === 'string' ? code : '';
  } catch {
    // A status message that is plain text has no code to show.
    return message;
  }
}

/** GUIDs by their first part: enough to tell them apart at a glance. `--output json` has them whole. */
function shortened(word: string): string {
  return word.replace(/^([0-9a-f]{8})-[0-9a-f-]{27}$/i, '$1…');
}
