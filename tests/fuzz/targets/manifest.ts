/** The manifest: a refusal with its code, or five commands inside the package (T41, T42). */
import { handlerCommandNames, parseHandlerManifest, type HandlerManifest } from '@sallyport/handler-contract';
import { OperationFailure } from '@sallyport/model';
import { hold, jsonWords, requireCleanPrototype, words, type FuzzTarget } from '../target.ts';

const commands = {
  installCommand: 'bin/x install',
  uninstallCommand: './bin/x uninstall',
  updateCommand: '/bin/x.sh',
  enableCommand: '"bin/with blank" \'enable\'',
  disableCommand: 'disable.py',
};
const real = { ...commands, updateMode: 'UpdateWithInstall', continueOnUpdateFailure: 'True', reportHeartbeat: false };
const seed = (manifest: unknown): Buffer => Buffer.from(JSON.stringify([{ version: 1.0, handlerManifest: manifest }]));

export const manifest: FuzzTarget = {
  reads: 'HandlerManifest.json (packages/handler-contract)',
  seeds: [seed(commands), seed(real), Buffer.from(`\ufeff${seed(real).toString()}`)],
  words: [
    ...jsonWords,
    ...words('"handlerManifest":', '"installCommand":', '"enableCommand":', '"updateMode":', '"bin/x"'),
    ...words('../', '/', '..', ';', '$(x)', '`', '|', '&&', "'", '\\"', ' -', '~', '*', '\n', '\\n', '\\u002e\\u002e/'),
  ],
  most: 2048,
  execute(input) {
    let found: HandlerManifest;
    try {
      found = parseHandlerManifest(input.toString('utf8'));
    } catch (error) {
      if (error instanceof OperationFailure && error.code === 'ManifestMalformed') return 'refused';
      throw error;
    }
    for (const name of handlerCommandNames) {
      const { program, arguments: rest } = found.commands[name];
      hold(program !== '' && !program.startsWith('/'), `the program '${program}' is not in the package`);
      hold(!program.split('/').includes('..'), `the program '${program}' leaves the package`);
      for (const part of [program, ...rest]) {
        hold(!/[;&|<>()$`\\*?[\]{}~#!\u0000-\u001f]/.test(part), `'${part}' means something to a shell`);
      }
    }
    requireCleanPrototype();
    return 'accepted';
  },
};
