import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCommand } from '@stricli/core';
import { CodedError } from '@sallyport/model';
import type { CliContext } from '../context.ts';
import { narratorOn } from '../tour/narrator.ts';
import { openState } from '../tour/state.ts';
import { createPrograms } from '../tour/programs.ts';
import { readScript } from '../tour/script.ts';
import type { Stage } from '../tour/stage.ts';
import { tellHowToGoOn } from '../tour/steps/record.ts';
import { refreshGallery } from '../tour/steps/gallery.ts';
import { tellStory } from '../tour/story.ts';

/** A catalog's timestamp lives two weeks; whoever stays up longer signs it anew, as a timer would on a server. */
const refreshMilliseconds = 12 * 60 * 60 * 1000;

interface Flags {
  readonly state: string;
  readonly port?: number;
  readonly script?: string;
  readonly packages: string;
  readonly once: boolean;
}

export const tour = buildCommand({
  docs: {
    brief: 'The whole way on this machine: one extension let in, one refused, both on record',
    fullDescription:
      'Starts a control plane, a gallery and an agent under one folder, tells the story with them and stays up until Ctrl+C.',
  },
  parameters: {
    flags: {
      state: {
        kind: 'parsed',
        parse: String,
        brief: 'Folder that holds everything; a second start continues with it',
        default: '.sallyport',
        placeholder: 'DIR',
      },
      port: {
        kind: 'parsed',
        parse: port,
        brief: 'Port of the control plane; by default that of the last start, else 8443',
        optional: true,
        placeholder: 'N',
      },
      script: {
        kind: 'parsed',
        parse: String,
        brief: 'Script to run on the server; by default one that reports on the machine',
        optional: true,
        placeholder: 'FILE',
      },
      packages: {
        kind: 'parsed',
        parse: String,
        brief: 'Folder with the extension packages to publish',
        default: join(import.meta.dirname, '../../../../dist/extensions'),
        placeholder: 'DIR',
      },
      once: {
        kind: 'boolean',
        brief: 'End after the story: exit code 0, or 1 if a step went otherwise',
        default: false,
        withNegated: false,
      },
    },
  },
  async func(this: CliContext, flags: Flags) {
    const interrupted = new Promise<'stopped'>((fulfil) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) this.process.on(signal, () => fulfil('stopped'));
    });
    const programs = createPrograms();
    const stage: Stage = {
      options: { port: flags.port, script: readScript(flags.script), packages: flags.packages },
      state: openState(flags.state),
      narrator: narratorOn(this.process.stdout),
      programs,
    };
    const story = tellStory(stage);
    try {
      const told = await Promise.race([story, interrupted, programs.oneEnded]).catch(async (error: unknown) => {
        // A program that died breaks the story elsewhere first, as a connection that is cut: its own end says more.
        await Promise.race([programs.oneEnded, sleep(500)]);
        throw error;
      });
      if (told === 'stopped')
        throw new CodedError(
          'Interrupted',
          'The story was stopped before its end. The same command goes on with its state.',
        );
      tellHowToGoOn(stage, told);
      if (flags.once) return;
      stage.narrator.note('\nEverything stays up until Ctrl+C.');
      const refreshing = setInterval(() => void refreshGallery(stage), refreshMilliseconds);
      await Promise.race([interrupted, programs.oneEnded]).finally(() => clearInterval(refreshing));
    } finally {
      await programs.stop();
      // A story that was cut short has nothing left to talk to; why it ends is known already.
      await story.catch(() => undefined);
    }
  },
});

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 65_535)
    throw new CodedError('MalformedInput', `'${text}' is not a port: give a number from 1 to 65535.`);
  return number;
}
