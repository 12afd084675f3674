import { heartbeatRequestSchema } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { heartbeatContent } from '../testing/heartbeat-content.ts';
import { compiledSchema } from './compiled-schema.ts';

const whole = {
  ...heartbeatContent(3),
  beat: '7.3',
  agentConfiguration: {
    ...heartbeatContent(3).agentConfiguration,
    incomingConnectionsPorts: ['80'],
    extensionsAllowList: [{ publisher: 'p', type: 't' }],
  },
  system: { ...heartbeatContent(3).system, databaseServers: ['mssql'] },
};
const compiled = compiledSchema(heartbeatRequestSchema);

/** What stands in the place of each part in turn; undefined takes it away. */
const instead: readonly unknown[] = [undefined, null, 0, -1, 1.5, 601, '', 'x'.repeat(65), true, [], [1], {}, { x: 1 }];

/** Every value that has one of those in one place. */
function* mutants(value: unknown): Generator {
  yield* instead;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const other of mutants(part)) yield Array.isArray(value) ? [other] : { ...value, [name]: other };
  }
  if (!Array.isArray(value)) yield { ...value, more: 1, __proto__: { agentVersion: 'x' } };
}

test('S2.1 a compiled schema decides what the schema decides, gives what it gives, and says what it says', () => {
  let accepted = 0;
  let refused = 0;
  for (const value of [whole, ...mutants(whole)]) {
    const expected = heartbeatRequestSchema.safeParse(value);
    const { success, data, error } = compiled.safeParse(value);
    expect([success, data, error?.issues]).toEqual([expected.success, expected.data, expected.error?.issues]);
    if (success) accepted += 1;
    else refused += 1;
  }
  expect(accepted).toBeGreaterThan(40);
  expect(refused).toBeGreaterThan(300);
});
