/** Which proxy requests go through: the property first, then the environment, then none (arc-agent §8.5). */
import type { ControlsReading } from '@sallyport/local-controls';
import { proxyInForce } from '../config/proxy-credentials.ts';
import type { Environment } from '../platform/environment.ts';
import type { Proxy } from './http-client.ts';

/** The proxy now. Controls that cannot be read name none; the environment still may. */
export function proxyNow(environment: Environment, reading: ControlsReading): Proxy | undefined {
  const { variables } = environment;
  const url = proxyInForce(environment, reading) ?? variables['HTTPS_PROXY'] ?? variables['https_proxy'] ?? '';
  if (url === '') return undefined;
  return { url, except: variables['NO_PROXY'] ?? variables['no_proxy'] ?? '' };
}
