/** An export as whoever verifies it reads it: day by day, the events and their places side by side. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { exportedDays, exportPaths, parsePlace, valuesOfEvent, type ExportPaths } from './export-files.ts';
import type { LogHead } from './head-of-log.ts';
import { eventsOnPage, type Joint, type StoredEvent, type StoredLog } from './stored-log.ts';

/** Opens an export. Stretches are counted in days that it has files of. */
export function exportedLog(directory: string): StoredLog {
  const paths = exportPaths(directory);
  return {
    address: { kind: 'export', directory },
    pages: async function* ({ after, upTo }) {
      for (const day of exportedDays(directory).slice(after, upTo)) yield* eventsOf(paths, day);
    },
    size: () => Promise.resolve(exportedDays(directory).reduce((sum, day) => sum + placesOf(paths, day), 0)),
    joints: (stretches) => Promise.resolve(jointsOf(paths, exportedDays(directory), stretches)),
    cuts: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

/** A hash and a position of some digits: how long a line of places is. */
const bytesOfPlace = 72;

function placesOf(paths: ExportPaths, day: string): number {
  return Math.floor(statSync(paths.chain(day)).size / bytesOfPlace);
}

/** At the ends of days. A day with a last place that cannot be read is none to begin after: it is met where the days are read in order. */
function jointsOf(paths: ExportPaths, days: readonly string[], stretches: number): readonly Joint[] {
  const places = days.map((day) => placesOf(paths, day));
  const each = places.reduce((sum, own) => sum + own, 0) / stretches;
  const joints: Joint[] = [];
  let before = 0;
  for (const [index, day] of days.slice(0, -1).entries()) {
    before += places[index] ?? 0;
    if (before < each * (joints.length + 1) || joints.length + 1 === stretches) continue;
    const head = lastPlace(paths.chain(day));
    if (head !== undefined) joints.push({ at: index + 1, head });
  }
  return joints;
}

function lastPlace(path: string): LogHead | undefined {
  const line = lastLine(path);
  try {
    return line === undefined ? undefined : parsePlace(line);
  } catch {
    return undefined;
  }
}

/** Room for the longest line of places, and the end of the one before it. */
const longestPlaces = 128;

/** The last line of places, if it was ended. */
function lastLine(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const end = Buffer.alloc(longestPlaces);
    const from = Math.max(0, fstatSync(file).size - end.length);
    const [rest, line] = end
      .toString('latin1', 0, readSync(file, end, 0, end.length, from))
      .split('\n')
      .toReversed();
    return rest === '' ? line : undefined;
  } finally {
    closeSync(file);
  }
}

/** The events of a day. Those before something that cannot be read come first: what is wrong with them is said before it. */
async function* eventsOf(paths: ExportPaths, day: string): AsyncGenerator<readonly StoredEvent[], void> {
  const texts = linesOf(paths.events(day));
  let page: StoredEvent[] = [];
  try {
    for await (const place of linesOf(paths.chain(day))) {
      const { position, hash } = parsePlace(place);
      const text = await texts.next();
      // A line that is missing is a break of the chain, which the reader of the chain says.
      page.push([position, hash, ...(text.done === true ? [] : valuesOfEvent(text.value))]);
      if (page.length < eventsOnPage) continue;
      yield page;
      page = [];
    }
  } catch (error) {
    if (page.length > 0) yield page;
    throw error;
  } finally {
    await texts.return();
  }
  if (page.length > 0) yield page;
}

/** The lines of a file. A line ends where it was ended when it was written, and nowhere else. */
async function* linesOf(path: string): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: 256 * 1024,
  }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
