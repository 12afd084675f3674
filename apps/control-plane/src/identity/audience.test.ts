import { expect, test } from 'vitest';
import { audienceOf } from './audience.ts';

const origins = ['https://plane.test:8443', 'https://localhost:8443'];

test('ARM under its own and its well-known names, with any number of slashes before /.default', () => {
  for (const name of ['https://management.azure.com', 'https://management.core.windows.net', ...origins]) {
    for (const text of [name, `${name}/`, `${name}/.default`, `${name}//.default`]) {
      expect(audienceOf(text, origins)?.kind, text).toBe('arm');
    }
  }
  expect(audienceOf('api://sallyport-agent/.default', origins)).toEqual({
    kind: 'agent',
    value: 'api://sallyport-agent',
  });
});

test.each([
  '',
  '/.default',
  'https://management.azure.com.evil.test/.default',
  'https://plane.test/.default',
  'api://other',
  'https://management.azure.com/x/.default',
])('no tokens for %j', (text) => {
  expect(audienceOf(text, origins)).toBeUndefined();
});
