/** A control plane with a gallery, an operator, and one machine with a played agent: what most tests of the API begin with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

export interface FleetOfOne {
  /** Below the system's folder for temporary files; gone after {@link FleetOfOne.stop}. */
  readonly folder: string;
  readonly plane: ControlPlaneProcess;
  readonly arm: OperatorClient;
  /** Path of the subscription. */
  readonly subscription: string;
  /** Path of the group in which the machine `web` is. */
  readonly group: string;
  readonly agent: FakeAgent;
  /** Ends everything and removes what it left. */
  stop(): Promise<void>;
}

/** Starts it. What was started is ended when the rest cannot be. */
export async function startFleetOfOne(name: string): Promise<FleetOfOne> {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-${name}-`));
  const ending: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).toReversed()) await end();
  };
  try {
    const gallery = await createTestGallery(join(folder, 'gallery'));
    const plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
    ending.push(() => plane.stop());
    const arm = await signIn(plane.operator);
    ending.push(() => arm.close());
    const subscription = `/subscriptions/${plane.operator.subscriptionId}`;
    const group = `${subscription}/resourceGroups/Fleet`;
    await arm.arm('PUT', `${group}?api-version=2021-04-01`, { location: 'here' });
    const agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web');
    ending.push(() => agent.stop());
    return { folder, plane, arm, subscription, group, agent, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
