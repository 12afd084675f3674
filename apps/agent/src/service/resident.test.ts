import { afterEach, expect, test, vi } from 'vitest';
import { workingVariables } from './resident.ts';

afterEach(() => vi.unstubAllEnvs());

test('what keeps the resident process small is not told to the processes that work; what somebody else has set is', () => {
  vi.stubEnv('MALLOC_ARENA_MAX', '1');
  vi.stubEnv('MALLOC_TRIM_THRESHOLD_', '1000000');
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.test:3128');
  const told = workingVariables();
  expect(told).not.toHaveProperty('MALLOC_ARENA_MAX');
  expect(told).toMatchObject({ MALLOC_TRIM_THRESHOLD_: '1000000', HTTPS_PROXY: 'http://proxy.test:3128' });
});
