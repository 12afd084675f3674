/** Runs a command of a handler within the limits of its extension, and says which of them it ran into (T45). */
import type { FinishedCommand } from '@sallyport/handler-contract';
import { messageOf } from '@sallyport/model';
import type { Member } from '../limits/extension-groups.ts';
import { watchDisk } from '../limits/disk-watch.ts';
import type { CommandNetwork } from '../network/command-network.ts';
import type { ExtensionHost } from '../operation-context.ts';
import { commandAtGate, type CommandAtGate, type CommandRun, type CommandStart } from './run-command.ts';

export interface LimitedCommand {
  readonly finished: FinishedCommand;
  /** Sentences about limits that were reached; none when it kept within them. */
  readonly reached: readonly string[];
}

export interface LimitedStart extends Omit<CommandStart, 'launch' | 'leave' | 'directory' | 'version'> {
  readonly member: Member;
  /** The folders that are the extension's own. */
  readonly folders: readonly string[];
  readonly network: CommandNetwork['kind'];
}

/** A command that waits for its turn, within its limits ({@link CommandAtGate}). */
export interface LimitedAtGate {
  run(run: CommandRun): Promise<LimitedCommand>;
  giveUp(): Promise<void>;
}

/** Starts a command as far as its gate, within the limits of this moment. */
export function limitedAtGate(host: ExtensionHost, limited: LimitedStart): LimitedAtGate {
  const { member, folders, network, ...start } = limited;
  const limits = host.limitsOf(member.name, start.manifest.resourceLimits);
  const group = host.groups.open(member, limits);
  const over = (): void => {
    group.close();
    // Mostly nobody is left, and the files can go.
    host.leftOutputs.look();
  };
  let command: CommandAtGate;
  try {
    command = commandAtGate({
      ...start,
      directory: member.directory,
      version: member.version,
      launch: (words) => group.launch(network === 'given' ? words : host.networkIsolation.launch(words)),
      leave: (files) => host.leftOutputs.keep({ files, inUse: () => (host.groups.count(member) ?? 0) > 0 }),
    });
  } catch (error) {
    over();
    throw error;
  }
  return {
    async run(run) {
      for (const problem of group.problems)
        host.log('warn', 'an extension runs without one of its limits', { problem });
      const overfull = new AbortController();
      const ended = new AbortController();
      const watching = watchDisk(
        folders,
        limits.diskBytes,
        (bytes) => {
          const [used, most] = [bytes, limits.diskBytes].map((one) => Math.floor(one / 1024 / 1024));
          overfull.abort(`Disk: its files took ${used} MiB, more than its limit of ${most} MiB, so it was ended.`);
        },
        ended.signal,
      ).catch((error: unknown) => {
        host.log('warn', 'the size of an extension is not known', { problem: messageOf(error) });
      });
      try {
        const finished = await command.run({ ...run, signal: AbortSignal.any([run.signal, overfull.signal]) });
        const full = overfull.signal.aborted ? [String(overfull.signal.reason)] : [];
        // What it started goes on filling the disk otherwise.
        if (full.length > 0) await host.groups.end(member);
        return { finished, reached: [...full, ...group.reached()] };
      } finally {
        ended.abort();
        await watching;
        over();
      }
    },
    async giveUp() {
      await command.giveUp();
      over();
    },
  };
}
