/** From what an extension wrote to what its resource shows in `instanceView.status` (contract §7). */
import type { InstanceStatus } from '@sallyport/model/wire';
import { redactSignatures } from './command-failure.ts';
import { handlerErrorCodes } from './handler-error-code.ts';
import type { HandlerSubstatus, StatusReading, StatusWord } from './handler-status.ts';

export interface StatusOrigin {
  /** `Publisher.Type-version`. */
  readonly handler: string;
  readonly sequence: number;
  /** When it was read (ISO 8601, UTC). */
  readonly time: string;
}

const levels: Readonly<Record<StatusWord, InstanceStatus['level']>> = {
  success: 'Information',
  transitioning: 'Information',
  warning: 'Warning',
  error: 'Error',
};

const displayed: Readonly<Record<StatusWord, string>> = {
  success: 'Provisioning succeeded',
  transitioning: 'Transitioning',
  warning: 'Warning',
  error: 'Provisioning failed',
};

/** What is reported of a reading; undefined for a file that says nothing. Signatures in URLs are blanked out. */
export function reportedStatus(reading: StatusReading, origin: StatusOrigin): InstanceStatus | undefined {
  if (reading.kind === 'empty') return undefined;
  if (reading.kind === 'status') {
    const { status, code, message, substatus } = reading.status;
    return instance(status, code, [message, ...substatus.map(substatusLine)].join('\n'), origin);
  }
  const who = `${origin.handler}(Sequence number ${origin.sequence})`;
  if (reading.kind === 'missing') {
    // The VM agent's own words: people search for them.
    const message = `This status is being reported by the Guest Agent since no status file was reported by extension ${who}: it has not written any yet`;
    return instance('transitioning', handlerErrorCodes.None, message, origin);
  }
  const message =
    reading.kind === 'invalid'
      ? `Could not get a valid status from the extension ${who}: ${reading.reason}`
      : `The status reported by the extension ${who}, was in an incorrect format and the agent could not parse it correctly. Failed due to ${reading.reason}. It begins with: ${reading.excerpt}`;
  return instance('error', handlerErrorCodes.InvalidStatus, message, origin);
}

function substatusLine(item: HandlerSubstatus): string {
  return `${item.name}: ${item.status} (${item.code}) ${item.message}`;
}

function instance(word: StatusWord, code: string | number, message: string, origin: StatusOrigin): InstanceStatus {
  return {
    code: String(code),
    level: levels[word],
    displayStatus: displayed[word],
    message: redactSignatures(message),
    time: origin.time,
  };
}
