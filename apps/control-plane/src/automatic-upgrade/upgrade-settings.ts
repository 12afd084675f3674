/** What people set about automatic upgrades, as it is sent and stored. */
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import * as z from 'zod/mini';
import { daysOfWeek, isTimeZone } from './upgrade-window.ts';

const version = z.pipe(
  z.string(),
  z.transform((text, context): HandlerVersion => {
    const parsed = parseHandlerVersion(text);
    if (parsed !== undefined) return parsed;
    context.issues.push({ code: 'custom', input: text, message: 'is one to four numbers with dots, such as 1.2' });
    return z.NEVER;
  }),
);
const percent = z.int().check(z.minimum(1), z.maximum(100));
/** A month, in minutes. */
const longest = 31 * 24 * 60;

export const rolloutSettingsSchema = z.strictObject({
  delayMinutes: z.int().check(z.minimum(0), z.maximum(longest)),
  waves: z.array(percent).check(
    z.minLength(1),
    z.maxLength(20),
    z.refine(
      (waves) => waves.at(-1) === 100 && waves.every((reach, i) => i === 0 || reach > (waves[i - 1] ?? 0)),
      'are percentages that grow, and the last one is 100',
    ),
  ),
  soakMinutes: z.int().check(z.minimum(0), z.maximum(longest)),
  mostFailedPercent: z.int().check(z.minimum(0), z.maximum(100)),
});

export const machineUpgradeSettingsSchema = z.strictObject({
  /** An IANA name; windows are by the clock on its walls. */
  timeZone: z._default(
    z.string().check(z.refine(isTimeZone, 'is not the name of a time zone, such as Europe/Berlin')),
    'UTC',
  ),
  /** None: at any time. */
  windows: z._default(
    z
      .array(
        z.strictObject({
          days: z.array(z.enum(daysOfWeek)).check(z.minLength(1)),
          start: z.string().check(z.regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'is a time of day, such as 02:30')),
          minutes: z.int().check(z.minimum(30), z.maximum(1440)),
        }),
      )
      .check(z.maxLength(50)),
    [],
  ),
  /** Versions that begin with these numbers, or are lower, and nothing beyond. */
  pins: z._default(
    z.array(z.strictObject({ publisher: z.string(), type: z.string(), version })).check(z.maxLength(200)),
    [],
  ),
});
export type MachineUpgradeSettings = z.infer<typeof machineUpgradeSettingsSchema>;

/** For machines that nothing was set for: at any time, to any version. */
export const defaultMachineUpgradeSettings: MachineUpgradeSettings = { timeZone: 'UTC', windows: [], pins: [] };
