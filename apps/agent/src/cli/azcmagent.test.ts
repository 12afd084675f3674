/** The real program, as a process, with the article's command lines as they are printed (S4.12). */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testMachine, type TestMachine } from '../config/machine.fixture.ts';

const bin = join(import.meta.dirname, '../../bin');
const { NODE_COMPILE_CACHE } = process.env;

/** Runs a line as a shell would; `sudo` is a program that runs the rest, as for somebody who is root already. */
function shell(machine: TestMachine, line: string): { readonly code: number | null; readonly out: string } {
  const shims = join(machine.above, 'shims');
  if (!existsSync(shims)) {
    mkdirSync(shims);
    writeFileSync(join(shims, 'sudo'), '#!/bin/sh\nexec "$@"\n');
    chmodSync(join(shims, 'sudo'), 0o755);
  }
  const run = spawnSync('/bin/sh', ['-c', line], {
    encoding: 'utf8',
    env: { PATH: `${shims}:${bin}:/usr/bin:/bin`, AZCMAGENT_ROOT: machine.environment.root, NODE_COMPILE_CACHE },
  });
  expect(run.stderr).toBe('');
  return { code: run.status, out: run.stdout };
}

/** Line, then what `config get` prints of the property it sets. In the order of the article. */
const lines: readonly (readonly [string, string, string])[] = [
  [
    'azcmagent config set extensions.allowlist "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent"',
    'extensions.allowlist',
    '[Microsoft.Azure.Monitor/AzureMonitorLinuxAgent]',
  ],
  ['azcmagent config set extensions.allowlist "Allow/None"', 'extensions.allowlist', '[Allow/None]'],
  [
    'azcmagent config set extensions.allowlist "Microsoft.Azure.Monitor/AzureMonitorWindowsAgent"',
    'extensions.allowlist',
    '[Microsoft.Azure.Monitor/AzureMonitorWindowsAgent]',
  ],
  ['azcmagent config set guestconfiguration.enabled false', 'guestconfiguration.enabled', 'false'],
  [
    'sudo azcmagent config set extensions.allowlist "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent"',
    'extensions.allowlist',
    '[Microsoft.Azure.Monitor/AzureMonitorLinuxAgent]',
  ],
  ['sudo azcmagent config set guestconfiguration.enabled false', 'guestconfiguration.enabled', 'false'],
  [
    'azcmagent config set extensions.allowlist "Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent,Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows"',
    'extensions.allowlist',
    '[Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent, Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows]',
  ],
  [
    'sudo azcmagent config set extensions.allowlist "Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux,Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux"',
    'extensions.allowlist',
    '[Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux, Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux]',
  ],
  [
    'azcmagent config set extensions.allowlist "Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent,Qualys/WindowsAgent.AzureSecurityCenter,Microsoft.Azure.AzureDefenderForServers/MDE.Windows,Microsoft.Azure.AzureDefenderForSQL/AdvancedThreatProtection.Windows"',
    'extensions.allowlist',
    '[Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent, Qualys/WindowsAgent.AzureSecurityCenter, Microsoft.Azure.AzureDefenderForServers/MDE.Windows, Microsoft.Azure.AzureDefenderForSQL/AdvancedThreatProtection.Windows]',
  ],
  ['azcmagent config set guestconfiguration.enabled true', 'guestconfiguration.enabled', 'true'],
  [
    'sudo azcmagent config set extensions.allowlist "Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux,Qualys/LinuxAgent.AzureSecurityCenter,Microsoft.Azure.AzureDefenderForServers/MDE.Linux"',
    'extensions.allowlist',
    '[Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux, Qualys/LinuxAgent.AzureSecurityCenter, Microsoft.Azure.AzureDefenderForServers/MDE.Linux]',
  ],
  ['sudo azcmagent config set guestconfiguration.enabled true', 'guestconfiguration.enabled', 'true'],
  ['azcmagent config set config.mode monitor', 'config.mode', 'monitor'],
  ['azcmagent config set config.mode full', 'config.mode', 'full'],
  ['azcmagent config set extensions.enabled false', 'extensions.enabled', 'false'],
];

test(
  'S4.12 every command of the article works as printed, one after the other on one machine',
  { timeout: 300_000 },
  () => {
    using machine = testMachine();
    for (const [line, property, value] of lines) {
      const { code, out } = shell(machine, line);
      expect(code, `${line}\n${out}`).toBe(0);
      expect(out).toContain(`Config property ${property} set to value ${value}\n`);
      expect(shell(machine, `azcmagent config get ${property}`).out).toBe(`${value}\n`);
    }
    const list = shell(machine, 'azcmagent config list');
    expect(list.code).toBe(0);
    expect(list.out.split('\n')[0]).toBe('Local Configuration Settings');
    expect(list.out).toMatch(/extensions\.enabled +: false\n/);
  },
);

/** As printed: typographic quotes, blanks, and one entry without a slash. */
const blocklistLine =
  'azcmagent config set extensions.blocklist “Microsoft.Cplat.Core/RunCommandHandlerWindows, Microsoft.Cplat.Core/RunCommandHandlerLinux,Microsoft.Compute/CustomScriptExtension,Microsoft.Azure.Extensions/CustomScript,Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows,Microsoft.Azure.Automation.HybridWorkerForLinux,Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent, Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux”';
const wellFormedLine =
  'azcmagent config set extensions.blocklist "Microsoft.Cplat.Core/RunCommandHandlerWindows,Microsoft.Cplat.Core/RunCommandHandlerLinux,Microsoft.Compute/CustomScriptExtension,Microsoft.Azure.Extensions/CustomScript,Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows,Microsoft.Azure.Automation/HybridWorkerForLinux,Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent,Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux"';

test("S4.12 T06 T07 the article's blocklist line as printed is refused, stores nothing, and is answered with one that works", () => {
  using machine = testMachine();
  for (const line of [blocklistLine, blocklistLine.replace(/[“”]/g, '"')]) {
    const { code, out } = shell(machine, line);
    expect(code).toBe(23);
    expect(out).toContain("'Microsoft.Azure.Automation.HybridWorkerForLinux' is not publisher/type: it has no slash");
    expect(out).toContain(wellFormedLine);
    expect(out).toContain('Nothing was stored.');
    expect(existsSync(machine.paths.localConfig)).toBe(false);
  }
  expect(shell(machine, blocklistLine).out).toContain('its quotation marks are typographic ones');
  // What the error offers works, pasted as it is.
  expect(shell(machine, wellFormedLine).code).toBe(0);
  expect(
    shell(machine, 'azcmagent extension explain microsoft.cplat.core/runcommandhandlerlinux install').out,
  ).toContain('(on-blocklist)');
});

test('a value in pieces without any quotes is refused with the quoted line', () => {
  using machine = testMachine();
  const { code, out } = shell(machine, 'azcmagent config set extensions.allowlist a/b, c/d');
  expect(code).toBe(23);
  expect(out).toContain('azcmagent config set extensions.allowlist "a/b, c/d"');
  expect(existsSync(machine.paths.localConfig)).toBe(false);
  const plain = shell(machine, 'azcmagent config set config.mode full please');
  expect(plain.code).toBe(23);
  expect(plain.out).toContain('Put plain double quotes');
});

test('a reader that goes away is not an error', () => {
  using machine = testMachine();
  expect(shell(machine, 'azcmagent config info | head -1')).toEqual({
    code: 0,
    out: 'incomingconnections.enabled (preview)\n',
  });
});

describe.runIf(process.getuid?.() === 0 && everyoneMayRead(bin))(
  'as an ordinary user (needs root to become one, and a checkout that everyone may read)',
  () => {
    const nobody = { uid: 65_534, gid: 65_534 };
    const as = (machine: TestMachine, ...args: string[]) =>
      spawnSync(join(bin, 'azcmagent'), args, {
        ...nobody,
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin', AZCMAGENT_ROOT: machine.environment.root },
      });

    test('S4.1 AZCM0018 exit code 18 for whatever changes; reading what is in force works', () => {
      using machine = testMachine();
      expect(shell(machine, 'azcmagent config set extensions.blocklist a/b').code).toBe(0);
      for (const args of [
        ['config', 'set', 'extensions.blocklist', 'c/d'],
        ['config', 'clear', 'extensions.blocklist'],
        ['config', 'restore'],
      ]) {
        const run = as(machine, ...args);
        expect(run.status, run.stderr).toBe(18);
        expect(run.stdout).toContain('AZCM0018');
      }
      expect(as(machine, 'config', 'get', 'extensions.blocklist').stdout).toBe('[a/b]\n');
      expect(as(machine, 'config', 'list').status).toBe(0);
      expect(as(machine, 'extension', 'explain', 'a/b').stdout).toContain('(on-blocklist)');
      expect(statSync(machine.paths.localConfig).uid).toBe(0);
    });

    test('S4.10 controls that are closed to them: AZCM0018, never a false answer about what is in force', () => {
      using machine = testMachine();
      shell(machine, 'azcmagent config set extensions.blocklist a/b');
      const { localConfig, data } = machine.paths;
      for (const [path, open] of [
        [localConfig, 0o644],
        [data, 0o755],
        [dirname(data), 0o755],
      ] as const) {
        chmodSync(path, open & 0o700);
        for (const args of [
          ['config', 'list'],
          ['config', 'get', 'config.mode'],
          ['config', 'check'],
          ['extension', 'explain', 'a/b'],
        ]) {
          const run = as(machine, ...args);
          expect(run.status, `${path} ${args.join(' ')}`).toBe(18);
          expect(run.stdout).toContain(
            `What is in force on this machine cannot be told: ${localConfig} may not be read by user 65534.`,
          );
        }
        expect(shell(machine, 'azcmagent extension explain a/b').out).toContain('(on-blocklist)');
        chmodSync(path, open);
      }
      expect(as(machine, 'config', 'list').status).toBe(0);
    });

    test('T54 secrets and the lock are closed to them', () => {
      using machine = testMachine();
      shell(machine, 'azcmagent config set proxy.url http://me:secret@proxy:1');
      for (const path of [machine.paths.localSecrets, `${machine.paths.localConfig}.lock`]) {
        const run = spawnSync('/bin/cat', [path], { ...nobody, encoding: 'utf8' });
        expect(run.status).not.toBe(0);
      }
    });
  },
);

/** Whether every directory above may be entered by everyone. */
function everyoneMayRead(path: string): boolean {
  accessSync(path, constants.R_OK);
  for (let directory = path; ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}
