/** `Sallyport.Explain/operations`: what an operation is at, as data, under a name of ours (decision 0200). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { reportOf, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { startFleetOfOne, type FleetOfOne } from './fleet-of-one.ts';
import type { OperatorClient } from './operator-client.ts';

const version = 'api-version=2024-07-10';
const time = z.string().check(z.iso.datetime());
const entrySchema = z.strictObject({
  extension: z.string(),
  extensionId: z.string(),
  name: z.string(),
  installed: z.string(),
  operationId: z.string(),
  kind: z.string(),
  state: z.string(),
  provisioningState: z.string(),
  message: z.string(),
  startedAt: time,
  deadline: z.optional(time),
  endedAt: z.optional(time),
  steps: z.array(z.strictObject({ state: z.string(), time })),
  step: z.optional(
    z.strictObject({
      name: z.string(),
      message: z.string(),
      startedAt: time,
      deadline: time,
      elapsedSeconds: z.number(),
      limitSeconds: z.number(),
      output: z.optional(z.string()),
    }),
  ),
  error: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
  explanation: z.optional(z.record(z.string(), z.string())),
  handlerStatus: z.optional(z.looseObject({ message: z.string() })),
  stranded: z.optional(z.strictObject({ message: z.string(), toldAt: time })),
});
type Entry = z.infer<typeof entrySchema>;

let fleet: FleetOfOne;
let arm: OperatorClient;
let agent: FakeAgent;

beforeAll(async () => {
  fleet = await startFleetOfOne('explain');
  ({ arm, agent } = fleet);
});
afterAll(() => fleet?.stop());

function put(type: string): Promise<Answer> {
  return arm.arm('PUT', `${agent.resourceId}/extensions/${type}?${version}`, {
    location: 'here',
    properties: { publisher: 'Contoso.Scripts', type },
  });
}

function ask(about: string): Promise<Answer> {
  return arm.arm('GET', `${about}/providers/Sallyport.Explain/operations?api-version=2026-11-01`);
}

async function explained(name?: string): Promise<readonly Entry[]> {
  const answer = await ask(name === undefined ? agent.resourceId : `${agent.resourceId}/extensions/${name}`);
  expect(answer.status).toBe(200);
  return z.parse(z.strictObject({ value: z.array(entrySchema) }), answer.json()).value;
}

async function toDo(name: string): Promise<Parameters<typeof reportOf>[0]> {
  const entry = (await agent.goalState()).extensions.find(({ resourceName }) => resourceName === name);
  if (entry === undefined) throw new Error(`There is nothing to do for ${name}.`);
  return entry;
}

describe('what an operation is at', () => {
  test('S1.6 a machine that has not come for it: since when it is silent, and when the operation ends without it', async () => {
    await agent.heartbeat(0, 0);
    expect((await put('Runner')).status).toBe(200);
    const [entry] = await explained('runner');
    expect(entry).toMatchObject({
      extension: 'Runner',
      extensionId: `${agent.resourceId}/extensions/Runner`,
      name: 'Contoso.Scripts/Runner',
      installed: '',
      kind: 'install',
      state: 'Accepted',
      provisioningState: 'Creating',
      steps: [{ state: 'Accepted' }],
    });
    expect(entry?.message).toContain('has not come for it yet; it was last heard of at ');
    expect(entry?.message).toContain(entry?.deadline);
    expect(Date.parse(entry?.deadline ?? '') - Date.parse(entry?.startedAt ?? '')).toBe(6 * 3_600_000);
  });

  test('S2.6 the step with its deadline and the end of its output; nothing of it once it is over', async () => {
    const goal = await toDo('Runner');
    const step = { name: 'enabling', message: 'Enabling', elapsedSeconds: 12, limitSeconds: 300, output: 'half way\n' };
    await agent.report([reportOf(goal, 'Enabling', { step })]);
    const [running] = await explained('Runner');
    expect(running).toMatchObject({
      state: 'Enabling',
      step: { name: 'enabling', limitSeconds: 300, output: 'half way\n' },
    });
    const { startedAt = '', deadline = '' } = running?.step ?? {};
    expect(Date.parse(deadline) - Date.parse(startedAt)).toBe(300_000);
    expect(running?.steps.map(({ state }) => state)).toEqual(['Accepted', 'Delivered', 'Enabling']);
    const status = {
      code: '0',
      level: 'Information',
      displayStatus: 'Ready',
      message: 'It runs.',
      time: '2026-11-01T00:00:00Z',
    } as const;
    await agent.report([reportOf(goal, 'Succeeded', { status })]);
    const [done] = await explained('Runner');
    expect(done).toMatchObject({ state: 'Succeeded', installed: goal.desired === 'absent' ? '' : goal.version });
    expect(done?.handlerStatus).toMatchObject({ message: 'It runs.' });
    expect([done?.step, done?.deadline, done?.error]).toEqual([undefined, undefined, undefined]);
    expect(done?.endedAt).toBeDefined();
  });

  test("S4.5 a refusal, with the server's own explanation", async () => {
    await put('Refused');
    const explanation = {
      outcome: 'block',
      rule: 'blocklist',
      message: 'It is on the list.',
      entry: 'contoso.scripts/refused',
    } as const;
    const error = { code: 'ExtensionNotAllowed', message: 'The machine refused it.' };
    await agent.report([reportOf(await toDo('Refused'), 'Failed', { error, explanation, version: '' })]);
    const [entry] = await explained('Refused');
    expect(entry).toMatchObject({
      state: 'Failed',
      provisioningState: 'Failed',
      error: { code: error.code },
      explanation,
    });
    expect(entry?.message).toContain(error.message);
  });

  test('S4.6 of a whole machine, with what its lists strand', async () => {
    await agent.heartbeat(0, 0, { extensionsAllowList: [{ publisher: 'Contoso.Scripts', type: 'Slow' }] });
    const all = await explained();
    expect(all.map(({ extension }) => extension)).toEqual(['Refused', 'Runner']);
    const stranded = all.filter((entry) => entry.stranded !== undefined);
    expect(stranded.map(({ extension, stranded: why }) => [extension, why?.message])).toEqual([
      ['Runner', expect.stringContaining('extensions.allowlist on the machine does not name Contoso.Scripts/Runner')],
    ]);
  });
});

test('it stands on machines and extensions that are there, and on nothing else', async () => {
  const codeOf = async (about: string): Promise<unknown> => {
    const answer = await ask(about);
    return [answer.status, (answer.json() as { readonly error: { readonly code: string } }).error.code];
  };
  expect(await codeOf(`${agent.resourceId}/extensions/none`)).toEqual([404, 'ResourceNotFound']);
  expect(await codeOf(`${agent.resourceId}x`)).toEqual([404, 'ParentResourceNotFound']);
  expect(await codeOf(`${agent.resourceId}/runCommands/x`)).toEqual([404, 'InvalidResourceType']);
});
