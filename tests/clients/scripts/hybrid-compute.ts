/** The unmodified `@azure/arm-hybridcompute` client through the life of extensions. */
import { HybridComputeManagementClient, type MachineExtension } from '@azure/arm-hybridcompute';
import { answer, clientOptions, collect, credential, operator, refusalOf } from './session.ts';

const [group = '', machine = ''] = process.argv.slice(3);
const client = new HybridComputeManagementClient(credential, operator.subscriptionId, clientOptions);
const fast = { updateIntervalInMs: 50 };

function extension(type: string, over: MachineExtension['properties'] = {}): MachineExtension {
  const settings = { say: 'hello' };
  return {
    location: 'here',
    properties: { publisher: 'Contoso.Scripts', type, typeHandlerVersion: '1.0', settings, ...over },
  };
}

const { machineExtensions: extensions, machines } = client;
const created = await extensions.beginCreateOrUpdateAndWait(
  group,
  machine,
  'first',
  extension('Runner', { protectedSettings: { word: 'canary-4711' } }),
  fast,
);
const got = await extensions.get(group, machine, 'FIRST');
const updated = await extensions.beginUpdateAndWait(
  group,
  machine,
  'first',
  {
    properties: {
      publisher: 'Contoso.Scripts',
      type: 'Runner',
      typeHandlerVersion: '1.1.0',
      settings: { say: 'again' },
    },
  },
  fast,
);
const refused = await refusalOf(() =>
  extensions.beginCreateOrUpdateAndWait(group, machine, 'refused', extension('Refused'), fast),
);
const afterRefusal = await extensions.get(group, machine, 'refused');
const unknown = await refusalOf(() =>
  extensions.beginCreateOrUpdateAndWait(group, machine, 'none', extension('Nowhere'), fast),
);
const noVersion = await refusalOf(() =>
  extensions.beginCreateOrUpdateAndWait(
    group,
    machine,
    'none',
    extension('Runner', { typeHandlerVersion: '9.9' }),
    fast,
  ),
);
const second = await refusalOf(() =>
  extensions.beginCreateOrUpdateAndWait(group, machine, 'twin', extension('Runner'), fast),
);

const slow = await extensions.beginCreateOrUpdate(group, machine, 'slow', extension('Slow'), fast);
await slow.poll();
const during = await extensions.get(group, machine, 'slow');
const busy = await refusalOf(() =>
  extensions.beginCreateOrUpdateAndWait(group, machine, 'slow', extension('Slow'), fast),
);
const ended = refusalOf(() => slow.pollUntilDone());
await extensions.beginDeleteAndWait(group, machine, 'slow', fast);
const superseded = await ended;

const listed = await collect(extensions.list(group, machine));
await extensions.beginDeleteAndWait(group, machine, 'first', fast);
await extensions.beginDeleteAndWait(group, machine, 'first', fast);
const gone = await refusalOf(() => extensions.get(group, machine, 'first'));
const inGroup = await collect(machines.listByResourceGroup(group));
const inSubscription = await collect(machines.listBySubscription());
const one = await machines.get(group, machine.toUpperCase());
const operations = await collect(client.operations.list());

answer({
  created,
  got,
  updated,
  refused,
  afterRefusal,
  unknown,
  noVersion,
  second,
  during,
  busy,
  superseded,
  gone,
  one,
  listed: listed.map(({ name }) => name),
  inGroup: inGroup.map(({ name }) => name),
  inSubscription: inSubscription.map(({ name }) => name),
  operations: operations.map(({ name }) => name),
});
