/** How long what a role signs stays valid. The reasons are in docs/decisions/0032. */

const day = 24 * 60 * 60 * 1000;

/** In days. A publisher's role lives as long as `targets`. */
export const lifeInDays = { root: 365, targets: 365, snapshot: 30, timestamp: 14 } as const;

export type RoleKind = keyof typeof lifeInDays;

/** When a role signed at `time` expires, in the form TUF writes. */
export function expiryOf(kind: RoleKind, time: Date): string {
  return timeText(new Date(time.getTime() + lifeInDays[kind] * day));
}

/** `2026-11-23T22:00:00Z`. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Whether more than half of the life of a role is over. */
export function isHalfOver(kind: RoleKind, expires: string, time: Date): boolean {
  return daysLeft(expires, time) < lifeInDays[kind] / 2;
}

/** Days until the expiry; negative after it. */
function daysLeft(expires: string, time: Date): number {
  return (new Date(expires).getTime() - time.getTime()) / day;
}
