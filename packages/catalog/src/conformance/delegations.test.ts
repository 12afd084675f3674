/** The conformance suite's graphs of delegations: which roles are asked for a target, and in which order. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeBench, type Bench } from './testing/bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(async () => bench.remove());

/** Delegator, role, and what is unlike `*` and not terminating. */
type Edge = readonly [from: string, to: string, more?: { readonly paths?: readonly string[]; readonly ends?: boolean }];

function build(edges: readonly Edge[], files: readonly (readonly [role: string, path: string])[] = []): void {
  const { repository } = bench;
  for (const [from, to, more] of edges) repository.delegate(from, to, more?.paths ?? ['*'], more?.ends ?? false);
  for (const [role, path] of files) repository.addArtifact(role, path, `${path} by ${role}`);
  repository.publish(...new Set(edges.map(([, to]) => to)), 'targets', 'snapshot', 'timestamp');
}

/** The delegated roles that were asked for. */
function visited(): string[] {
  return bench.repository.requests
    .filter((request) => !/^(?:root|timestamp|snapshot|targets)\b/.test(request))
    .map((request) => request.replace(/ 1$/, ''));
}

const py = { paths: ['*.py'] };
const many: readonly Edge[] = Array.from({ length: 40 }, (_, i) => ['targets', `role-${String(i).padStart(2, '0')}`]);

describe('T27 the order of the search', () => {
  test.each<readonly [string, readonly Edge[], string]>([
    ['one', [['targets', 'A']], 'A'],
    [
      'two beside each other',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      'AB',
    ],
    [
      'two levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
      ],
      'ABC',
    ],
    [
      'depth first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      'ACDB',
    ],
    [
      'depth first, deeper',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['C', 'D'],
      ],
      'ACDB',
    ],
    [
      'a terminating one',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', { ends: true }],
        ['A', 'D'],
      ],
      'AC',
    ],
    [
      'below a terminating one',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', { ends: true }],
        ['C', 'D'],
      ],
      'ACD',
    ],
    [
      'another path',
      [
        ['targets', 'A', py],
        ['targets', 'B'],
        ['A', 'C'],
      ],
      'B',
    ],
    [
      'another path, deeper',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', py],
        ['C', 'D'],
      ],
      'AB',
    ],
    [
      'a circle',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      'ABCD',
    ],
    [
      'one role twice',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      'ACB',
    ],
    [
      'one role twice, by path',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C', py],
      ],
      'ABC',
    ],
  ])('%s', async (_, edges, order) => {
    await bench.init();
    build(edges);
    expect(await bench.download('missing')).toBe(1);
    expect(visited()).toEqual(Array.from(order));
  });

  test('T41 no more than 32 roles are visited in one search', async () => {
    await bench.init();
    build(many, [['role-39', 'wanted']]);
    expect(await bench.download('wanted')).toBe(1);
    expect(visited()).toHaveLength(31);
  });
});

describe('T27 who may sign which target', () => {
  const edges: readonly Edge[] = [
    ['targets', 'A', { paths: ['*.doc', '*.md'] }],
    ['targets', 'B', { paths: ['releases/*/*'] }],
    ['B', 'C', { paths: ['releases/x/*'] }],
    ['B', 'D', { paths: ['releases/y/*.zip'] }],
  ];
  const files = [
    ['targets', 'file'],
    ['A', 'README.md'],
    ['C', 'releases/x/x_v1'],
    ['D', 'releases/y/y_v1.zip'],
    ['D', 'releases/z/z_v1.zip'],
  ] as const;

  test.each([
    ['file', 'targets', ''],
    ['README.md', 'A', 'A'],
    ['releases/x/x_v1', 'C', 'BC'],
    ['releases/y/y_v1.zip', 'D', 'BD'],
    // D signed it, but nobody let it.
    ['releases/z/z_v1.zip', undefined, 'B'],
    // A star is not a slash.
    ['docs/README.md', undefined, ''],
  ])('%s', async (path, role, order) => {
    await bench.init();
    build(edges, files);
    expect(await bench.download(path)).toBe(role === undefined ? 1 : 0);
    expect(bench.downloads()).toEqual(role === undefined ? [] : [`${path} by ${role}`]);
    expect(visited()).toEqual(Array.from(order));
  });
});
