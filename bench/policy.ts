/**
 * Policy: a machine against the 66 definitions that others wrote (`tests/published-policies`) in 100 assignments, as a write is held
 * against them, against as many plain comparisons of one field.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AssignedPolicy } from '../apps/control-plane/src/policy/assigned-policy.ts';
import { decideWrite } from '../apps/control-plane/src/policy/decide-write.ts';
import type { Json, JsonObject } from '../apps/control-plane/src/policy/json.ts';
import { assigned, machineOf, surroundings } from '../apps/control-plane/src/policy/testing/assigned.ts';
import { compare, timed } from './measure.ts';
import { printRows, ratio } from './report.ts';

const published = join(import.meta.dirname, '../tests/published-policies');
const assignments = 100;
const writes = 100;
const rounds = 7;

interface Parameter {
  readonly type: string;
  readonly defaultValue?: Json;
  readonly allowedValues?: readonly Json[];
}

/** A published rule as somebody switches it on: with the effect that does most, and some value where it asks for one. */
function published66(): readonly AssignedPolicy[] {
  return readdirSync(published)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { properties } = JSON.parse(readFileSync(join(published, name), 'utf8')) as { properties: JsonObject };
      const given: Record<string, Json> = {};
      for (const [parameter, said] of Object.entries(properties['parameters'] ?? {})) {
        const { type, defaultValue, allowedValues } = said as unknown as Parameter;
        const working = allowedValues?.find((one) => one !== 'Disabled');
        if (parameter === 'effect' && working !== undefined) given[parameter] = working;
        else if (defaultValue === undefined) given[parameter] = working ?? valueOf(type);
      }
      return assigned(properties, given);
    });
}

function valueOf(type: string): Json {
  const values: Readonly<Record<string, Json>> = { array: ['x'], boolean: true, integer: 1, object: {} };
  return values[type.toLowerCase()] ?? 'x';
}

export async function run(): Promise<void> {
  const definitions = published66();
  const policies = Array.from({ length: assignments }, (_, index) => definitions[index % definitions.length]).filter(
    (policy) => policy !== undefined,
  );
  const resource = machineOf({ osName: 'linux', osSku: 'Ubuntu 24.04' });
  let found = 0;
  let matched = 0;
  const result = await compare(
    rounds,
    () =>
      timed(() => {
        for (let i = 0; i < writes; i += 1) {
          const { denied, audited } = decideWrite(resource, true, policies, surroundings);
          found += denied.length + audited.length;
        }
      }),
    () =>
      timed(() => {
        for (let i = 0; i < writes * assignments; i += 1)
          if (resource.type.toLowerCase() === `type${i % definitions.length}`) matched += 1;
      }),
  );
  if (found === 0 || matched > 0) throw new Error('The benchmark decided otherwise than it is made to.');
  const rate = (milliseconds: number): string =>
    `${Math.round((writes * assignments * 1000) / milliseconds).toLocaleString('en')}/s`;
  printRows('Policy', [
    {
      what: `policies evaluated on a write, ${definitions.length} definitions in ${assignments} assignments`,
      figure: rate(result.ours.median),
      against: `one comparison each: ${rate(result.peer.median)}`,
      ratio: ratio(result.ratio),
    },
    {
      what: '  writes held against all of them',
      figure: `${Math.round((writes * 1000) / result.ours.median).toLocaleString('en')}/s`,
    },
  ]);
}
