/**
 * `localconfig.json`: the local controls as text. Reading is strict: whatever is not exactly what this program writes is
 * refused with a reason, and refused means that nothing may be installed (T55, T07).
 */
import { parsed, refused, type Parsed } from './parsed.ts';
import type { LocalControls, PropertyName } from './local-controls.ts';
import { jsonValue, propertyNames, propertyOf } from './properties.ts';
import { parseStrictJson } from './strict-json.ts';

/** The layout that every version of this program reads. */
export const documentFormatVersion = 1;

/**
 * Each layout after the first holds what the one before it holds, and a rule more. A file is of the lowest layout that has all its rules:
 * older programs refuse those that they do not know and so permit nothing, rather than read them as less than they say; and a rule that
 * got lost from a file is noticed. No other layout is read: what a newer one means is unknown.
 */
const layouts = [documentFormatVersion, 2, 3] as const;
type Layout = (typeof layouts)[number];
const newestLayout: Layout = 3;

/** Lists of 20,000 entries fit; an endless file does not exhaust the reader. */
export const documentMostBytes = 4 * 1024 * 1024;

export interface ControlsDocument {
  readonly controls: LocalControls;
  /** Counts the changes, from 1. */
  readonly generation: number;
}

/** The text of the file. Every property is written, so that a lost line is noticed; only of the rate limit there may be none. */
export function writeDocument({ controls, generation }: ControlsDocument): string {
  const layout = layoutFor(controls);
  const written = propertyNames.filter((name) => isIn(layout, name) && !isUnset(controls, name));
  const values = Object.fromEntries(written.map((name) => [name, jsonValue(controls, name)]));
  return `${JSON.stringify({ formatVersion: layout, generation, properties: values }, undefined, 2)}\n`;
}

/** The lowest layout that has every rule which is set. */
function layoutFor(controls: LocalControls): Layout {
  const isSet = (name: PropertyName): boolean => controls[name] !== propertyOf(name).default;
  return layouts.find((layout) => propertyNames.every((name) => isIn(layout, name) || !isSet(name))) ?? newestLayout;
}

function isIn(layout: Layout, name: PropertyName): boolean {
  return layout >= (propertyOf(name).sinceLayout ?? documentFormatVersion);
}

function isUnset(controls: LocalControls, name: PropertyName): boolean {
  const { absentWhenUnset, default: usual } = propertyOf(name);
  return absentWhenUnset === true && controls[name] === usual;
}

/** Reads the bytes of the file, or says what is wrong with them. */
export function readDocument(bytes: Uint8Array): Parsed<ControlsDocument> {
  if (bytes.length > documentMostBytes) return refused(`it is larger than ${documentMostBytes} bytes`);
  const text = decode(bytes);
  if (text === undefined) return refused('it is not UTF-8 text');
  const json = parseStrictJson(text);
  if (!json.ok) return json;
  if (!isObject(json.value)) return refused('it is not a JSON object');
  return readObject(json.value);
}

function readObject(document: Readonly<Record<string, unknown>>): Parsed<ControlsDocument> {
  const { formatVersion, generation, properties } = document;
  // Before anything else: what a newer version means by its keys is not ours to guess.
  const layout = layouts.find((known) => known === formatVersion);
  if (layout === undefined) {
    const newer = typeof formatVersion === 'number' && formatVersion > newestLayout;
    const read = `${documentFormatVersion} to ${newestLayout}`;
    return refused(
      newer
        ? `it was written by a newer version of the agent (format ${formatVersion}; this one reads ${read})`
        : `its formatVersion is none of ${read}`,
    );
  }
  const unknown = Object.keys(document).find((key) => !['formatVersion', 'generation', 'properties'].includes(key));
  if (unknown !== undefined) return refused(`it holds an unknown key '${unknown}'`);
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation) || generation < 1) {
    return refused('its generation is not a whole number from 1');
  }
  if (!isObject(properties)) return refused('its properties are not an object');
  const controls = readProperties(properties, layout);
  return controls.ok ? parsed({ controls: controls.value, generation }) : controls;
}

function readProperties(properties: Readonly<Record<string, unknown>>, layout: Layout): Parsed<LocalControls> {
  const names: readonly string[] = propertyNames.filter((name) => isIn(layout, name));
  const unknown = Object.keys(properties).find((key) => !names.includes(key));
  if (unknown !== undefined) return refused(`it holds an unknown property '${unknown}'`);
  const values: [PropertyName, unknown][] = [];
  for (const name of propertyNames) {
    if (!Object.hasOwn(properties, name)) {
      const { addedLater, absentWhenUnset, default: usual } = propertyOf(name);
      const mayBeMissing = addedLater === true || absentWhenUnset === true || !isIn(layout, name);
      if (!mayBeMissing) return refused(`the property '${name}' is missing`);
      values.push([name, usual]);
      continue;
    }
    const result: Parsed<unknown> = propertyOf(name).kind.fromJson(properties[name]);
    if (!result.ok) return refused(`the property '${name}' is not valid: ${result.reason}`);
    values.push([name, result.value]);
  }
  // One value for every name of the table, each read by its own kind.
  return parsed(Object.fromEntries(values) as unknown as LocalControls);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder's message says no more than "not UTF-8".
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
