import { expect, test } from 'vitest';
import { sharedWork, type SharedWork } from './shared-work.ts';

interface Run {
  readonly signal: AbortSignal;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

/** Work whose runs are ended by the test. */
function tried(): { readonly runs: readonly Run[]; readonly work: SharedWork } {
  const runs: Run[] = [];
  const work = sharedWork((signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    runs.push({ signal, end: () => resolve(undefined), fail: reject });
    return promise;
  });
  return { runs, work };
}

test('who asks before it has begun shares it, who asks later gets one that begins later', async () => {
  const { runs, work } = tried();
  const first = [work.join(), work.join()];
  work.begun();
  const later = work.join();
  expect(runs).toHaveLength(2);
  runs[0]?.end();
  await Promise.all(first);
  runs[1]?.fail(new Error('no'));
  await expect(later).rejects.toThrow('no');
});

test('one who is called off leaves the others theirs; when all have gone it is given up', async () => {
  const { runs, work } = tried();
  const [one, other] = [new AbortController(), new AbortController()];
  const [mine, theirs] = [work.join(one.signal), work.join(other.signal)];
  one.abort(new Error('gone'));
  await expect(mine).rejects.toThrow('gone');
  expect(runs[0]?.signal.aborted).toBe(false);
  other.abort(new Error('gone too'));
  await expect(theirs).rejects.toThrow('gone too');
  expect(runs[0]?.signal.aborted).toBe(true);
  await expect(work.join(AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
  const next = work.join();
  runs.at(-1)?.end();
  await next;
});
