import { expect, test } from 'vitest';
import { syncMethod } from './sync-method.ts';
import type { TreeFacts } from './tree-facts.ts';

const many: TreeFacts = { paths: 2000, fileSystemType: 0xef53, kernel: '6.1.0-18-amd64', waitingBytes: 0 };

test('T84 many files on a file system that is known are synced with one call', () => {
  expect(syncMethod(many)).toBe('whole');
  expect(syncMethod({ ...many, kernel: '5.8.0' })).toBe('whole');
  expect(syncMethod({ ...many, waitingBytes: 512 * 1024 * 1024 })).toBe('whole');
});

test.each<[string, Partial<TreeFacts>]>([
  ['few files', { paths: 63 }],
  ['a file system that may not do it (FUSE)', { fileSystemType: 0x65735546 }],
  ['a kernel that does not tell of failed writes', { kernel: '5.7.19' }],
  ['an older one', { kernel: '4.18.0-553.el8' }],
  ['a kernel of an unknown kind', { kernel: 'something' }],
  ['much that others have written', { waitingBytes: 512 * 1024 * 1024 + 1 }],
  ['not knowing what others have written', { waitingBytes: undefined }],
])('T84 %s: one by one', (_, facts) => {
  expect(syncMethod({ ...many, ...facts })).toBe('each');
});
