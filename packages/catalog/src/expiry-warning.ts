/** Who is told how long before the catalog expires: ninety, thirty and seven days ahead, in the centre and on the machine (T29). Pure. */

const day = 24 * 60 * 60 * 1000;

/** Days before the expiry of a role that lives for a year at which the tone becomes sharper. */
export const warningLevels = [7, 30, 90] as const;

/** A role that will expire soon, or has. */
export interface ExpiryWarning {
  readonly role: string;
  /** ISO 8601. */
  readonly expires: string;
  /** Whole days; negative when it has expired. */
  readonly daysLeft: number;
  /** The smallest level that the days left lie below; 0 when it has expired. */
  readonly level: 0 | 7 | 30 | 90;
}

/** A role and its date. */
export interface Expiring {
  readonly role: string;
  readonly expires: string;
}

/**
 * The roles to warn of, the most urgent first. `snapshot` and `timestamp` are signed anew every few days by a timer, so only their last
 * week is news: then the timer does not run.
 */
export function expiryWarnings(roles: readonly Expiring[], time: Date): ExpiryWarning[] {
  return roles
    .flatMap(({ role, expires }): ExpiryWarning[] => {
      const left = (new Date(expires).getTime() - time.getTime()) / day;
      const reached = left < 0 ? 0 : levelsOf(role).find((level) => left < level);
      return reached === undefined ? [] : [{ role, expires, daysLeft: Math.floor(left), level: reached }];
    })
    .sort((a, b) => a.daysLeft - b.daysLeft);
}

/** One sentence, without the remedy: that depends on who reads it. */
export function expirySentence({ role, expires, daysLeft }: ExpiryWarning): string {
  const when = daysLeft < 0 ? `expired on ${expires}` : `expires in ${daysLeft} days, on ${expires}`;
  return `the role '${role}' of the signed catalog ${when}`;
}

function levelsOf(role: string): readonly (7 | 30 | 90)[] {
  return role === 'snapshot' || role === 'timestamp' ? [7] : warningLevels;
}
