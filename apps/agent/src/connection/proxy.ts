/** Which proxy requests go through: the property first, then the environment, then none (arc-agent §8.5). */
import type { ControlsReading } from '@sallyport/local-controls';
import { proxyInForce } from '../config/proxy-credentials.ts';
import { readControls } from '../config/read-controls.ts';
import type { Environment } from '../platform/environment.ts';
import { fileStamp } from '../platform/file-stamp.ts';
import { agentPaths } from '../platform/paths.ts';
import type { Proxy } from './http-client.ts';

/** The proxy now. Controls that cannot be read name none; the environment still may. */
export function proxyNow(environment: Environment, reading: ControlsReading): Proxy | undefined {
  const { variables } = environment;
  const url = proxyInForce(environment, reading) ?? variables['HTTPS_PROXY'] ?? variables['https_proxy'] ?? '';
  if (url === '') return undefined;
  return { url, except: variables['NO_PROXY'] ?? variables['no_proxy'] ?? '' };
}

/** The proxy of the moment, for somebody who asks before every request: looked up anew when one of its files is another. */
export function followProxy(environment: Environment): () => Proxy | undefined {
  const { localConfig, localSecrets } = agentPaths(environment.root);
  let known: { readonly stamp: string; readonly proxy: Proxy | undefined } | undefined;
  return () => {
    const stamp = `${fileStamp(localConfig)}; ${fileStamp(localSecrets)}`;
    if (known?.stamp !== stamp) known = { stamp, proxy: proxyNow(environment, readControls(environment)) };
    return known.proxy;
  };
}
