/** The rows of the extensions on this machine. */
import type { Command } from '../command.ts';

export const extensionCommands: readonly Command[] = [
  {
    words: ['extension', 'list'],
    usage: '',
    arguments: [0, 0],
    summary: 'List the extensions on this machine.',
    options: [],
    administrator: true,
    load: () => import('./extension/list.ts'),
  },
  {
    words: ['extension', 'remove'],
    usage: '',
    arguments: [0, 0],
    summary: 'Remove extensions here. What the control plane still wants comes back when the agent runs again.',
    options: [
      {
        name: 'name',
        short: 'n',
        kind: 'text',
        value: 'extension',
        description: 'The name of its resource, its type, or publisher/type.',
      },
      { name: 'all', short: 'a', kind: 'flag', description: 'All of them.' },
    ],
    administrator: true,
    load: () => import('./extension/remove.ts'),
  },
  {
    words: ['extension', 'cancel'],
    usage: '',
    arguments: [0, 0],
    summary: 'End the operation that is under way on an extension, where it is. What is installed stays.',
    options: [
      {
        name: 'name',
        short: 'n',
        kind: 'text',
        value: 'extension',
        description: 'The name of its resource, its type, or publisher/type.',
      },
      { name: 'all', short: 'a', kind: 'flag', description: 'Every operation.' },
    ],
    administrator: true,
    load: () => import('./extension/cancel.ts'),
  },
];
