/** How a new version goes out to the machines of a subscription. */

export interface RolloutSettings {
  /** How long a version has been known before the first machine gets it. */
  readonly delayMinutes: number;
  /** How far each wave reaches, in percent of the machines that can have the version; ascending, the last one 100. */
  readonly waves: readonly number[];
  /** How long a wave has been through and well before the next one begins. */
  readonly soakMinutes: number;
  /** More failures than this many percent of the machines that were upgraded halt the rollout. */
  readonly mostFailedPercent: number;
}

/** For subscriptions that have said nothing. A failure among the first nineteen machines halts. */
export const defaultRolloutSettings: RolloutSettings = {
  delayMinutes: 60,
  waves: [1, 10, 50, 100],
  soakMinutes: 60,
  mostFailedPercent: 5,
};
