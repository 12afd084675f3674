/** Settings files: a refusal with its code, or settings that are written and read back the same (T53). */
import { formatSettings, parseSettings, type HandlerSettings } from '@sallyport/handler-contract';
import { CodedError } from '@sallyport/model';
import { isDeepStrictEqual } from 'node:util';
import { hold, jsonWords, requireCleanPrototype, words, type FuzzTarget } from '../target.ts';

const seed = (settings: HandlerSettings): Buffer => Buffer.from(formatSettings(settings));

export const settings: FuzzTarget = {
  reads: 'settings files (packages/handler-contract)',
  seeds: [
    seed({ publicSettings: null, protectedSettings: null, protectedSettingsCertThumbprint: null }),
    seed({
      publicSettings: {
        commandToExecute: 'echo "hello"',
        fileUris: ['https://example.org/a'],
        deep: { a: [1, [2, 3.5]] },
      },
      protectedSettings: 'TUlJQg==',
      protectedSettingsCertThumbprint: 'A'.repeat(40),
    }),
    Buffer.from(''),
  ],
  words: [
    ...jsonWords,
    ...words('"runtimeSettings":', '"handlerSettings":', '"publicSettings":', '"protectedSettings":', '1E400', '-0'),
  ],
  most: 2048,
  execute(input) {
    let found: HandlerSettings | undefined;
    try {
      found = parseSettings(input.toString('utf8'));
    } catch (error) {
      if (error instanceof CodedError && error.code === 'MalformedSettings') return 'refused';
      throw error;
    }
    requireCleanPrototype();
    if (found === undefined) return 'accepted';
    hold(
      isDeepStrictEqual(parseSettings(formatSettings(found)), found),
      'settings are not read back as they were written',
    );
    return 'accepted';
  },
};
