/** The machine's identity on the machine: the stock credential against a real agent and a real control plane (arm-api §5.2). */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hasProgram } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';
import { canHaveTrueRoot } from './true-root.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await startSystem();
  await system.startAgent();
});
afterAll(async () => system.stop());

async function shown(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await system.azcmagent('show', '--json')).output) as Readonly<Record<string, string>>;
}

interface Outcome {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly expiresOn: number;
  readonly cached: boolean;
  readonly defaultAudience: string;
  /** The machine's name, or the code of the refusal. */
  readonly read: string;
  readonly deleted: { readonly code: string; readonly status: number };
  readonly unknown: { readonly message: string };
}

/**
 * Runs the client in a mount namespace in which the machine's `/var/opt` stands at its real place: clients insist on the documented
 * path of challenge files. Nothing outside the namespace changes.
 */
async function runOnMachine(script: string, endpoint: string): Promise<Outcome> {
  const program = [
    process.execPath,
    join(import.meta.dirname, '../clients/scripts', script),
    JSON.stringify(system.operator),
    'fortress',
    system.machine,
  ];
  const within = 'mount --bind "$1" /var/opt && shift && exec "$@"';
  const child = spawn('unshare', ['--mount', 'sh', '-c', within, 'sh', join(system.root, 'var/opt'), ...program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_EXTRA_CA_CERTS: system.operator.caFile,
      IDENTITY_ENDPOINT: `${endpoint}/metadata/identity/oauth2/token`,
      IMDS_ENDPOINT: endpoint,
    },
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}:\n${errors}\n${out}`);
  return JSON.parse(out) as Outcome;
}

/** A network of one's own needs root, and `ip` to bring its loopback up. */
const canIsolate =
  canHaveTrueRoot() &&
  hasProgram('ip') &&
  spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0;

/** Mounting in a namespace of one's own needs root, and a kernel or container that permits it. */
const canMount = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount --bind /tmp /var/opt']).status === 0;

describe('the local identity endpoint', () => {
  test('show names it while the agent runs', async () => {
    await expect
      .poll(async () => (await shown())['localIdentityEndpoint'], { timeout: 20_000 })
      .toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test.skipIf(!canMount)(
    'T60 needs root: ManagedIdentityCredential, unmodified, gets a token of the machine; what it may do is what roles say',
    async () => {
      const machine = (await system.get(
        `/subscriptions/${system.operator.subscriptionId}/resourceGroups/fortress/providers/Microsoft.HybridCompute/machines/${system.machine}`,
      )) as { readonly id: string; readonly identity: { readonly principalId: string; readonly tenantId: string } };
      const { principalId, tenantId } = machine.identity;
      const endpoint = (await shown())['localIdentityEndpoint'] ?? '';

      const before = await runOnMachine('managed-identity.ts', endpoint);
      expect(before.claims).toMatchObject({
        oid: principalId,
        sub: principalId,
        tid: tenantId,
        aud: system.operator.endpoint,
      });
      expect(before.expiresOn).toBeGreaterThan(Date.now());
      expect(before).toMatchObject({ cached: true, defaultAudience: 'https://management.azure.com' });
      expect(before.read).toBe('AuthorizationFailed');
      expect(before.deleted).toMatchObject({ code: 'AuthorizationFailed', status: 403 });
      expect(before.unknown.message).toContain('https://unknown.test');

      const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
      const assignment = `${machine.id}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
      const given = await system.client.arm('PUT', assignment, {
        properties: {
          principalId,
          principalType: 'ServicePrincipal',
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
        },
      });
      expect(given.status, given.text).toBe(201);

      const after = await runOnMachine('managed-identity.ts', endpoint);
      expect(after.read).toBe(system.machine);
      expect(after.deleted).toMatchObject({ code: 'AuthorizationFailed', status: 403 });
      const tokens = join(system.root, 'var/opt/azcmagent/tokens');
      expect(existsSync(tokens) ? readdirSync(tokens) : []).toEqual([]);
    },
  );
});

test.skipIf(!canIsolate)(
  'T60 T61 needs root: on the documented port it is refused to a program that took it, by name, and serves the stock credential',
  { timeout: 120_000 },
  async () => {
    const script = join(import.meta.dirname, 'true-port.ts');
    const inside = 'ip link set lo up && exec "$0" "$@"';
    const child = spawn('unshare', ['--net', 'sh', '-c', inside, process.execPath, script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const taken =
      'The local identity endpoint is not available: 127.0.0.1:40342 is taken by a program of user 0. End that program (ss -ltnp shows it); the agent tries again every 15 seconds.';
    const said: unknown = JSON.parse(output.trim().split('\n').at(-1) ?? '""');
    expect(said, errors).toMatchObject({
      taken,
      said: expect.stringContaining(taken) as string,
      listens: 'http://127.0.0.1:40342',
      credential: { claims: { aud: expect.stringMatching(/^https:/) as string }, read: 'AuthorizationFailed' },
    });
  },
);
