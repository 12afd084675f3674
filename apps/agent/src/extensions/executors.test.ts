/** S4.5: what was allowed when it was planned is asked for again before each step that reaches out, and at its turn. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion, type OperationKind } from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import { carryOut } from './executors.ts';
import { handlerPaths, settingsFile, statusFile } from './handler-paths.ts';
import { entry, extension, questionsIn, testMachine, until } from './machine.fixture.ts';
import { OperationRefused, type OperationContext } from './operation-context.ts';
import { stepLimits } from './plan/step-limits.ts';
import { stepsToAbsent, stepsToPresent } from './plan/steps-toward.ts';
import type { Step } from './plan/step.ts';
import type { InstalledExtension, Phase } from './state/installed-extension.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];

function record(phase: Phase, version: HandlerVersion): InstalledExtension {
  const operation = { id: 'wanted', kind: 'upgrade' } as const;
  return { name: extension, version, resourceName: 'thing', phase, operation, enabledSequence: 8 };
}

type StepAt = Parameters<OperationContext['at']>[0];

interface Situation {
  readonly operation: OperationKind;
  readonly installed: readonly InstalledExtension[];
  readonly steps: readonly Step[];
  /** What happens when everything is allowed: `?` and the state where the controls are asked, `:` where the centre is told. */
  readonly history: readonly string[];
}

const situations: Readonly<Record<'update' | 'upgrade' | 'delete', Situation>> = {
  update: {
    operation: 'update',
    installed: [record('enabled', v2)],
    steps: stepsToPresent(entry({ sequence: 9 }), v2, [record('enabled', v2)], true),
    history: ['? 2.0.0 enabled', '? 2.0.0 enabled', ': Enabling', '? 2.0.0 enabled', '2.0.0 enable'],
  },
  upgrade: {
    operation: 'upgrade',
    installed: [record('enabled', v1), record('placed', v2)],
    steps: stepsToPresent(entry(), v2, [record('enabled', v1), record('placed', v2)], false),
    history: [
      '? 1.0.0 enabled, 2.0.0 placed',
      '? 1.0.0 enabled, 2.0.0 placed',
      ': Installing',
      '? 1.0.0 enabled, 2.0.0 placed',
      '1.0.0 disable',
      '? 1.0.0 installed, 2.0.0 placed',
      '? 1.0.0 installed, 2.0.0 placed',
      ': Installing',
      '? 1.0.0 installed, 2.0.0 placed',
      '2.0.0 update',
      '? 1.0.0 installed, 2.0.0 updated',
      '? 1.0.0 installed, 2.0.0 updated',
      '1.0.0 uninstall',
      '? 1.0.0 kept, 2.0.0 updated',
      ': Installing',
      '? 1.0.0 kept, 2.0.0 updated',
      '2.0.0 install',
      '? 1.0.0 kept, 2.0.0 installed',
      '? 1.0.0 kept, 2.0.0 installed',
      ': Enabling',
      '? 1.0.0 kept, 2.0.0 installed',
      '2.0.0 enable',
    ],
  },
  delete: {
    operation: 'delete',
    installed: [record('enabled', v1)],
    steps: stepsToAbsent([record('enabled', v1)]),
    history: [
      '? 1.0.0 enabled',
      ': Removing',
      '? 1.0.0 enabled',
      '1.0.0 disable',
      '? 1.0.0 installed',
      ': Removing',
      '? 1.0.0 installed',
      '1.0.0 uninstall',
    ],
  },
};

describe.each(Object.entries(situations))('%s', (_name, situation) => {
  const { operation, installed, steps, history } = situation;

  test('S4.5 the controls are asked again before each step, and again when its command has its turn', async () => {
    using machine = testMachine();
    for (const one of installed) machine.put(one);
    await carryOut(steps, machine.context(operation));
    expect(machine.history()).toEqual(history);
    expect(machine.state()).toBe(operation === 'delete' ? 'nothing' : '2.0.0 enabled');
  });

  test.each(questionsIn(history))(
    'S4.5 refused at question %i: nothing more is run, nothing more is changed',
    async (n) => {
      using machine = testMachine();
      for (const one of installed) machine.put(one);
      await expect(carryOut(steps, machine.context(operation, { refuseAt: n }))).rejects.toThrow(OperationRefused);
      expect(machine.history()).toEqual(until(n, history));
      expect(`? ${machine.state()}`).toBe(machine.history().at(-1));
    },
  );
});

test('an agent that is stopping asks for nothing and begins no step, not even one that only tidies up', async () => {
  using machine = testMachine();
  machine.put(record('placed', v2));
  const signal = AbortSignal.abort(new Error('The agent is stopping.'));
  for (const kind of ['configure', 'enable', 'discard'] as const) {
    const context = machine.context('install', { signal });
    await expect(carryOut([{ kind, version: v2 }], context)).rejects.toThrow('The agent is stopping.');
  }
  expect(machine.history()).toEqual([]);
  expect(machine.state()).toBe('2.0.0 placed');
});

describe('each step does its own work', () => {
  const paths = (machine: ReturnType<typeof testMachine>): ReturnType<typeof handlerPaths> =>
    handlerPaths(machine.host.paths, extension, v2);

  test('fetch brings something onto the machine, and says so before it tries', async () => {
    using machine = testMachine();
    const fetching = carryOut([{ kind: 'fetch', version: v2 }], machine.context('install'));
    await expect(fetching).rejects.toThrow('Nothing can be brought onto this machine while it is not connected.');
    expect(machine.state()).toBe('nothing');
  });

  test('configure writes the settings that the enable will find', async () => {
    using machine = testMachine();
    machine.put(record('placed', v2));
    const context = machine.context('install', { entry: entry({ settings: { say: 'hello' } }) });
    await carryOut([{ kind: 'configure', version: v2 }], context);
    expect(readFileSync(settingsFile(paths(machine), 8), 'utf8')).toContain('hello');
  });

  test('await-status hears what the extension says of itself, an error as well', async () => {
    using machine = testMachine();
    machine.put(record('enabled', v2));
    const said = {
      status: { operation: 'Enable', status: 'error', code: 7, formattedMessage: { lang: 'en', message: 'It broke.' } },
    };
    const file = statusFile(paths(machine), 8);
    writeFileSync(file, JSON.stringify([{ version: 1, timestampUTC: '2026-01-01T00:00:00Z', ...said }]));
    const context = machine.context('install');
    await expect(carryOut([{ kind: 'await-status', version: v2 }], context)).rejects.toThrow('It broke.');
    expect(context.findings.status).toMatchObject({ code: '7' });
  });

  test('an enable that fails is told with what it has written into its status by then (handler contract §3)', async () => {
    using machine = testMachine();
    machine.put(record('installed', v2));
    const script = join(paths(machine).directory, 'bin/enable.sh');
    appendFileSync(script, "report error 9 'the disk is upside down'; exit 9\n");
    const context = machine.context('install');
    await expect(carryOut([{ kind: 'enable', version: v2 }], context)).rejects.toMatchObject({
      code: 'HandlerEnableFailed',
      // The words stay when the version goes, and its status file with it.
      message: expect.stringMatching(/Non-zero exit code: 9.*The extension says: .*the disk is upside down/s),
    });
    expect(context.findings.status).toMatchObject({ code: '9', message: 'the disk is upside down' });
  });
});

describe('a step that runs no command ends by its own limit, and with its operation', () => {
  const waiting = (machine: ReturnType<typeof testMachine>, seconds: number): OperationContext =>
    machine.context('install', { deadline: machine.host.environment.monotonic() + seconds * 1000 });

  test('what is told of it: its word, and the time that is left for it', async () => {
    using machine = testMachine();
    machine.put(record('placed', v2));
    const told: StepAt[] = [];
    const at = (step: StepAt): unknown => told.push(step);
    await carryOut([{ kind: 'discard', version: v2 }], { ...waiting(machine, 90_000), at });
    const aborted = AbortSignal.abort(new Error('not wanted'));
    machine.put(record('placed', v2));
    await carryOut([{ kind: 'discard', version: v2 }], { ...waiting(machine, 20), at });
    expect(told[0]).toMatchObject({ name: stepLimits.discard.word, limitSeconds: stepLimits.discard.seconds });
    expect(told[0]?.message).not.toBe('');
    expect(told[1]?.limitSeconds).toBeGreaterThan(1);
    expect(told[1]?.limitSeconds).toBeLessThanOrEqual(20);
    await expect(
      carryOut([{ kind: 'await-status', version: v2 }], { ...waiting(machine, 20), signal: aborted }),
    ).rejects.toThrow('not wanted');
  });

  test('T44 it is too late for it', async () => {
    using machine = testMachine();
    machine.put(record('enabled', v2));
    const late = carryOut([{ kind: 'await-status', version: v2 }], waiting(machine, 0));
    await expect(late).rejects.toMatchObject({ code: 'OperationTimedOut' });
  });

  test('it is called off: the reason is not the limit, also when that has come by then', async () => {
    using machine = testMachine();
    machine.put(record('enabled', v2));
    const control = new AbortController();
    const context = { ...machine.context('install'), signal: control.signal };
    const called = carryOut([{ kind: 'await-status', version: v2 }], context);
    setTimeout(() => control.abort(new Error('called off')), 50);
    await expect(called).rejects.toThrow('called off');
  });
});
