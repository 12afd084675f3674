/** What the extension manager works with on this machine, whether or not it is connected. */
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultControls, type ControlsReading } from '@sallyport/local-controls';
import { readControls } from '../config/read-controls.ts';
import { extensionLimits, type LimitControls } from '../extensions/limits/extension-limits.ts';
import { groupMechanism } from '../extensions/limits/group-mechanism.ts';
import { machineGroups } from '../extensions/limits/machine-groups.ts';
import { readGroupFacts } from '../extensions/limits/read-group-facts.ts';
import { installNetworkWord } from '../extensions/network/command-network.ts';
import { networkIsolation, readIsolationFacts } from '../extensions/network/network-isolation.ts';
import type { ExtensionHost } from '../extensions/operation-context.ts';
import { commandLane } from '../extensions/run/command-lane.ts';
import { LeftOutputs } from '../extensions/run/left-outputs.ts';
import { extensionStore } from '../extensions/state/extension-store.ts';
import { Workplaces } from '../extensions/unpack/workplaces.ts';
import { fileOfProgram } from '../platform/agent-programs.ts';
import type { Environment } from '../platform/environment.ts';
import { fileLog, type Log } from '../platform/log.ts';
import { machineLife } from '../platform/machine-life.ts';
import { agentPaths } from '../platform/paths.ts';

/** Where the ends of operations are kept. */
export function journalPath(root: string): string {
  return join(agentPaths(root).guestConfig, 'operations.json');
}

/** The log of what becomes of extensions. */
export function extensionLog(environment: Environment): Log {
  return fileLog(join(agentPaths(environment.root).managerLogs, 'gc_ext.log'), environment);
}

/** `program` is the file Node was started with; the one that unpacks is beside it. */
export function extensionHost(environment: Environment, program: string): ExtensionHost {
  const paths = agentPaths(environment.root);
  return {
    environment,
    paths,
    store: extensionStore(paths.extensionLogs),
    log: extensionLog(environment),
    lane: commandLane(() => commandsAtOnce(readControls(environment))),
    groups: machineGroups(groupMechanism(readGroupFacts(environment.uid)), environment.root),
    leftOutputs: new LeftOutputs(),
    machineLife: machineLife(),
    limitsOf: (name, asked) => extensionLimits(name, limitControls(readControls(environment)), asked, totalmem()),
    installNetwork: () => installNetworkWord(readControls(environment)),
    networkIsolation: networkIsolation(readIsolationFacts(environment.uid)),
    workplaces: new Workplaces({ paths, environment, program: fileOfProgram('azcmagent-unpack', program) }),
  };
}

/** How many commands of handlers may run side by side; one when that cannot be known. */
function commandsAtOnce(controls: ControlsReading): number {
  return controls.kind === 'in-force' ? controls.controls['extensions.agent.parallelcommands'] : 1;
}

/** The limits the administrator has set; the usual ones when that cannot be known. */
function limitControls(reading: ControlsReading): LimitControls {
  return reading.kind === 'in-force' ? reading.controls : defaultControls;
}
