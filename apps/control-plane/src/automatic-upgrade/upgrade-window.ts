/** When a machine may be upgraded without being asked: hours of the week, in the time zone its people live in. No I/O. */

export const daysOfWeek = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
export type DayOfWeek = (typeof daysOfWeek)[number];

/** A stretch of time that begins on each of these days. */
export interface UpgradeWindow {
  readonly days: readonly DayOfWeek[];
  /** `HH:MM`, by the clock on the wall of the time zone. */
  readonly start: string;
  /** 30 to 1440; may reach into the next day. */
  readonly minutes: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const stride = 15 * minute;

/** Whether the name is a time zone that this program knows (`Europe/Berlin`, `UTC`). */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // The only thing it throws for.
    return false;
  }
}

/** Whether a moment lies in one of the windows. No windows at all means always. */
export function isOpen(windows: readonly UpgradeWindow[], timeZone: string, now: number): boolean {
  if (windows.length === 0) return true;
  const wall = wallClock(timeZone, now);
  return windows.some(({ days, start, minutes }) =>
    // It may have begun today or yesterday.
    [0, 1].some((ago) => {
      const since = wall.minuteOfDay + ago * 24 * 60 - minuteOfDay(start);
      return days.includes(dayBefore(wall.day, ago)) && since >= 0 && since < minutes;
    }),
  );
}

/**
 * The next moment from `now` at which a window is open, in milliseconds since 1970, to the minute; `now` when one is open.
 * Looks eight days ahead, which every window of a week has begun in. Undefined only for windows without days.
 */
export function opensAt(windows: readonly UpgradeWindow[], timeZone: string, now: number): number | undefined {
  if (isOpen(windows, timeZone, now)) return now;
  // The clock on the wall may jump (daylight saving), so it is looked at and never computed with. No window is shorter than two strides.
  const first = Math.floor(now / minute) * minute;
  for (let at = first + stride; at < now + 8 * day; at += stride) {
    if (!isOpen(windows, timeZone, at)) continue;
    let opened = at;
    while (opened - minute > now && isOpen(windows, timeZone, opened - minute)) opened -= minute;
    return opened;
  }
  return undefined;
}

function wallClock(timeZone: string, at: number): { readonly day: DayOfWeek; readonly minuteOfDay: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const name = parts.get('weekday');
  return {
    day: daysOfWeek.find((known) => known === name) ?? 'Sunday',
    minuteOfDay: minuteOfDay(`${parts.get('hour') ?? '0'}:${parts.get('minute') ?? '0'}`),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than using it a thousand times. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  formats.set(timeZone, format);
  return format;
}

function minuteOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function dayBefore(name: DayOfWeek, ago: number): DayOfWeek {
  return daysOfWeek[(daysOfWeek.indexOf(name) + 7 - ago) % 7] ?? name;
}
