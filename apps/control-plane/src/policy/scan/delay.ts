/** How long after a write a policy deploys: `details.evaluationDelay`. Pure. */

/** As in Azure, ten minutes: what is being set up comes to rest first. */
const usualMilliseconds = 10 * 60_000;
const mostMilliseconds = 6 * 3_600_000;

export type Delay =
  | { readonly kind: 'after'; readonly milliseconds: number }
  /** Once the resource has been provisioned, however that went or only if it went so. */
  | { readonly kind: 'provisioned'; readonly state: 'any' | 'Succeeded' | 'Failed' };

/** Reads a delay. What cannot be read is the usual one. */
export function readDelay(text: string | undefined): Delay {
  const word = (text ?? '').toLowerCase();
  if (word === 'afterprovisioning') return { kind: 'provisioned', state: 'any' };
  if (word === 'afterprovisioningsuccess') return { kind: 'provisioned', state: 'Succeeded' };
  if (word === 'afterprovisioningfailure') return { kind: 'provisioned', state: 'Failed' };
  const [, hours, minutes] = /^PT(?:([0-9]+)H)?(?:([0-9]+)M)?$/i.exec(text ?? '') ?? [];
  if (hours === undefined && minutes === undefined) return { kind: 'after', milliseconds: usualMilliseconds };
  const milliseconds = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  return { kind: 'after', milliseconds: Math.min(milliseconds, mostMilliseconds) };
}

/**
 * Whether a policy deploys now, for a resource that was written at `writtenAt` and of which everything until `doneUntil` is done; or when
 * to look again; 'no' when it will not for this write.
 */
export function whenToDeploy(
  delay: Delay,
  provisioningState: string,
  writtenAt: number,
  doneUntil: number,
  now: number,
): 'now' | 'no' | number {
  if (delay.kind === 'after') {
    const at = writtenAt + delay.milliseconds;
    if (at <= doneUntil) return 'no';
    return at <= now ? 'now' : at;
  }
  const over = ['succeeded', 'failed', 'canceled', ''].includes(provisioningState.toLowerCase());
  // It rings again when it is: the end of an operation is an event.
  if (!over) return 'no';
  if (doneUntil >= writtenAt) return 'no';
  return delay.state === 'any' || delay.state.toLowerCase() === provisioningState.toLowerCase() ? 'now' : 'no';
}
