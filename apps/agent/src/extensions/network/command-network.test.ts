/** T43: which command has a network, for every command, word and declaration. */
import { defaultControls } from '@sallyport/local-controls';
import { expect, test } from 'vitest';
import { commandNetwork, explainInstallNetwork, installNetworkWord, whyWithheld } from './command-network.ts';

const commands = ['install', 'update', 'enable', 'disable', 'uninstall'] as const;
const words = ['allowed', 'declared', 'none', 'unreadable'] as const;

/** Whether it has one: where nothing is declared, and where that is. */
const installing = {
  allowed: [true, true],
  declared: [false, true],
  none: [false, false],
  unreadable: [false, false],
} as const;

for (const command of commands) {
  for (const word of words) {
    test(`T43 ${command} under '${word}'`, () => {
      const isInstalling = command === 'install' || command === 'update';
      const [undeclared, declared] = isInstalling ? installing[word] : [true, true];
      const expected = (has: boolean) => (has ? { kind: 'given' } : { kind: 'withheld', because: word });
      expect(commandNetwork(command, word, false)).toEqual(expected(undeclared));
      expect(commandNetwork(command, word, true)).toEqual(expected(declared));
    });
  }
}

test('T43 controls that cannot be read are no permission', () => {
  const inForce = { kind: 'in-force', controls: defaultControls, file: 'f', generation: 1 } as const;
  expect(installNetworkWord(inForce)).toBe('allowed');
  const none = { ...defaultControls, 'extensions.agent.installnetwork': 'none' } as const;
  expect(installNetworkWord({ ...inForce, controls: none })).toBe('none');
  expect(installNetworkWord({ kind: 'unreadable', file: 'f', reason: 'r' })).toBe('unreadable');
});

test('T43 whoever has no network is told who decided that', () => {
  const why = (because: 'declared' | 'none' | 'unreadable') => whyWithheld({ kind: 'withheld', because }, 'a/b 1.0.0');
  expect(why('none')).toBe("extensions.agent.installnetwork is 'none' on this server");
  expect(why('declared')).toContain('the publisher of a/b 1.0.0 has not declared');
  expect(why('unreadable')).toContain('cannot be trusted');
  expect(words.filter((word) => explainInstallNetwork(word) !== undefined)).toEqual(['declared', 'none']);
});
