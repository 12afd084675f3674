/** Settings files: a refusal with its code, or settings that are written and read back the same (T53). */
import { formatSettings, parseSettings, type HandlerSettings } from '@sallyport/handler-contract';
import { CodedError } from '@sallyport/model';
import { isDeepStrictEqual } from 'node:util';
import { hold, jsonWords, requireCleanPrototype, words, type FuzzTarget } from '../target.ts';

const seed = (settings: HandlerSettings): Buffer => Buffer.from(formatSettings(settings));

/** The same value, with every number by its text, and infinities told from null. */
function plain(value: HandlerSettings): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => (typeof member === 'number' ? String(member + 0) : member)),
  );
}

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
    const text = formatSettings(found);
    // Compared as text beside the values: -0 and 0 are one number in JSON and two for Node.
    const reread = parseSettings(text);
    hold(reread !== undefined && formatSettings(reread) === text, 'settings are not read back as they were written');
    hold(isDeepStrictEqual(plain(reread), plain(found)), 'settings are read back as others');
    return 'accepted';
  },
};
