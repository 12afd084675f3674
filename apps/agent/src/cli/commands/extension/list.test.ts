import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { testMachine } from '../../../config/machine.fixture.ts';
import { extensionStore } from '../../../extensions/state/extension-store.ts';
import type { SharingExtension } from '../../../extensions/state/installed-extension.ts';
import { agentPaths } from '../../../platform/paths.ts';
import { call } from '../../call.fixture.ts';

function sharer(resourceName: string, leaving?: true): SharingExtension {
  const operation = { id: resourceName, kind: 'install' } as const;
  return { extensionName: resourceName, resourceName, enabledSequence: 1, handlerSequence: 1, operation, leaving };
}

test('S2.3 a handler that resources share is listed once for each of them, with its own state', async () => {
  using machine = testMachine();
  const { environment } = machine;
  const version = parseHandlerVersion('1.3.28');
  if (version === undefined) throw new Error('not a version');
  extensionStore(agentPaths(environment.root).extensionLogs).put({
    name: knownExtension('Microsoft.CPlat.Core/RunCommandHandlerLinux'),
    version,
    resourceName: 'two',
    phase: 'enabled',
    operation: { id: 'two', kind: 'install' },
    sharing: [sharer('one'), sharer('two'), sharer('going', true)],
  });
  const json = await call(environment, 'extension', 'list', '-j');
  const listed = JSON.parse(json.out) as readonly { readonly extension: string; readonly state: string }[];
  expect(listed.map(({ extension, state }) => [extension, state])).toEqual([
    ['one', 'ENABLED'],
    ['two', 'ENABLED'],
    ['going', 'INSTALLED'],
  ]);
  const text = await call(environment, 'extension', 'list');
  expect(text.out.match(/^Extension: .*$/gm)).toEqual(['Extension: one', 'Extension: two', 'Extension: going']);
});
