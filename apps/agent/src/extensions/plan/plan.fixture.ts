/** Goals, records and ways to ask for a plan, for the tests of the plan. */
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { unguarded } from '../orders/unguarded.fixture.ts';
import { phases, type InstalledExtension, type Phase, type UpgradeFailure } from '../state/installed-extension.ts';
import type { Hosting } from './hosting.ts';
import type { Permit } from './permission.ts';
import type { Conclusion } from './conclusion.ts';
import { plan, type Work } from './plan.ts';
import type { Step } from './step.ts';

export const name = knownExtension('Contoso.Test/Thing');
export const other = knownExtension('Contoso.Test/Else');
export const [v1, v2, v3] = ['1.0.0', '2.0.0', '3.0.0'].map((text) => parseHandlerVersion(text)) as [
  HandlerVersion,
  HandlerVersion,
  HandlerVersion,
];

export function entry(change: Partial<GoalExtension> = {}): GoalExtension {
  return {
    resourceName: 'thing',
    publisher: name.publisher,
    type: name.type,
    desired: 'present',
    version: v1,
    operationId: 'wanted',
    operationDone: false,
    sequence: 7,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...change,
  };
}

export function record(
  phase: Phase,
  version: HandlerVersion = v1,
  change: Partial<InstalledExtension> = {},
): InstalledExtension {
  const enabled = phase === 'enabled' ? { enabledSequence: 7 } : {};
  const operation = { id: 'earlier', kind: 'install' } as const;
  return { name, version, resourceName: 'thing', phase, operation, ...enabled, ...change };
}

export function planned(
  wanted: GoalExtension,
  installed: readonly InstalledExtension[],
  permit: Permit,
  concluded?: Conclusion,
  hosting: Hosting = 'on',
): readonly Work[] {
  return plan({
    goal: { machineId: 'm', generation: 1, extensions: [wanted] },
    installed,
    concluded: new Map(concluded === undefined ? [] : [[wanted.resourceName.toLowerCase(), concluded]]),
    permit,
    judge: unguarded.judge,
    hosting,
    machineLife: 'this life',
    isHosted: () => false,
  });
}

export const allowAll: Permit = () => ({
  allowed: true,
  explanation: { outcome: 'allow', rule: 'test', message: 'allowed' },
});

/** Of an upgrade that failed in its update command. */
export const failure: UpgradeFailure = {
  state: 'Failed',
  code: 'HandlerUpdateFailed',
  message: 'It broke.',
  disabledBefore: true,
};

/** Every single version in every phase, and every pair of versions, also of an operation that was interrupted. */
export function everyState(): readonly (readonly InstalledExtension[])[] {
  const operations = [
    { id: 'earlier', kind: 'install' },
    { id: 'wanted', kind: 'upgrade' },
  ] as const;
  const singles = phases.flatMap((phase) => operations.map((operation) => record(phase, v1, { operation })));
  const seconds = phases.flatMap((phase) => operations.map((operation) => record(phase, v2, { operation })));
  return [[], ...singles.map((one) => [one]), ...singles.flatMap((one) => seconds.map((two) => [one, two]))];
}

export const everyGoal: readonly GoalExtension[] = [
  entry(),
  entry({ sequence: 8 }),
  entry({ version: v2 }),
  entry({ version: v3 }),
  entry({ operationDone: true }),
  entry({ version: v3, operationDone: true }),
  entry({ desired: 'absent', version: '' }),
];

/** A step as one line: what, which version, and the version before it where there is one. */
export function told(step: Step): string {
  const { kind, version } = step;
  if ('before' in step) return `${kind} ${step.before} > ${version}`;
  if (kind === 'install') return `${kind} ${version}${step.afterUpdate ? ' after update' : ''}`;
  return `${kind} ${version}`;
}
