/** The rows of the machine itself: its connection, its agent, what to send to whoever helps. */
import { credentialOptions } from '../../connection/credential-options.ts';
import type { Command } from '../command.ts';

export const machineCommands: readonly Command[] = [
  {
    words: ['connect'],
    usage: '',
    arguments: [0, 0],
    summary: 'Connect this machine to a control plane.',
    options: [
      { name: 'subscription-id', short: 's', kind: 'text', value: 'id', description: 'The subscription.' },
      {
        name: 'resource-group',
        short: 'g',
        kind: 'text',
        value: 'name',
        description: 'The resource group; created when there is none.',
      },
      { name: 'location', short: 'l', kind: 'text', value: 'name', description: 'The location of the resource.' },
      {
        name: 'resource-name',
        short: 'n',
        kind: 'text',
        value: 'name',
        description: 'The name of the resource; by default the host name.',
      },
      ...credentialOptions,
      {
        name: 'endpoint',
        kind: 'text',
        value: 'url',
        description: 'The control plane: https://host[:port].',
      },
      {
        name: 'ca-file',
        kind: 'text',
        value: 'file',
        description: "The control plane's own authority (PEM), when it is not one of the system's.",
      },
      {
        name: 'catalog-root',
        kind: 'text',
        value: 'file',
        description:
          'The root of the signed catalog to trust; by default the one that the package of the agent brought.',
      },
      {
        name: 'catalog-url',
        kind: 'text',
        value: 'url',
        description: 'Where the catalog is fetched from; by default <endpoint>/catalog/.',
      },
      {
        name: 'private-link-scope',
        kind: 'text',
        value: 'resource id',
        description: 'Connect privately: packages come from the control plane only, never from storage.',
      },
      { name: 'tags', kind: 'text', value: 'A=b,C=d', description: 'Tags of the resource.' },
      { name: 'correlation-id', kind: 'text', value: 'guid', description: 'Marks the requests in the activity log.' },
    ],
    administrator: true,
    load: () => import('./machine/connect.ts'),
  },
  {
    words: ['disconnect'],
    usage: '',
    arguments: [0, 0],
    summary: 'Delete the machine resource and forget the connection. Extensions stay installed: remove them first.',
    options: [
      ...credentialOptions,
      {
        name: 'force-local-only',
        short: 'f',
        kind: 'flag',
        description: 'Forget the connection here and leave the resource as it is.',
      },
    ],
    administrator: true,
    load: () => import('./machine/disconnect.ts'),
  },
  {
    words: ['show'],
    usage: '[property ...]',
    arguments: [0, Infinity],
    summary: 'Show where this machine is connected and how its agent is.',
    options: [],
    administrator: false,
    load: () => import('./machine/show.ts'),
  },
  {
    words: ['version'],
    usage: '',
    arguments: [0, 0],
    summary: 'Show the version of the agent.',
    options: [],
    administrator: false,
    load: () => import('./machine/version.ts'),
  },
  {
    words: ['logs'],
    usage: '',
    arguments: [0, 0],
    summary: 'Collect logs and state into a ZIP file, without secrets.',
    options: [
      { name: 'full', short: 'f', kind: 'flag', description: 'Rotated logs and status files of extensions as well.' },
      {
        name: 'output',
        short: 'o',
        kind: 'text',
        value: 'file',
        description: 'The file to write; by default azcmagent-<time>-<computer>.zip here.',
      },
    ],
    administrator: true,
    load: () => import('./machine/logs.ts'),
  },
  {
    words: ['run'],
    usage: '',
    arguments: [0, 0],
    summary: 'Run the agent in this process until it is told to stop: heartbeat and extension manager.',
    options: [],
    administrator: true,
    load: () => import('./machine/run.ts'),
  },
];
