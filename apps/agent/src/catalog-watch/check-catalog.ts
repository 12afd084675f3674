/**
 * One look at the signed catalog, in a process of its own: the verifier is large, and its memory goes back when it ends. It keeps a copy
 * of its own, so that it never stands in the way of an operation, and decides nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCatalog } from '@sallyport/catalog';
import { messageOf, OperationFailure } from '@sallyport/model';
import { readControls } from '../config/read-controls.ts';
import { connectionFiles, readAgentConfig } from '../connection/agent-config.ts';
import { fetchCatalogFrom } from '../connection/catalog-fetch.ts';
import { HttpClient } from '../connection/http-client.ts';
import { proxyNow } from '../connection/proxy.ts';
import { processEnvironment, type Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { writeCatalogStatus, type CatalogStatus } from './catalog-status.ts';

/** The process's work: looks, and writes down what it saw. */
export async function runCatalogCheck(): Promise<void> {
  const environment = processEnvironment();
  const status = await checkCatalog(environment);
  if (status !== undefined) writeCatalogStatus(environment.root, status);
}

/** What a refresh says now; undefined when the machine is not connected. */
export async function checkCatalog(environment: Environment): Promise<CatalogStatus | undefined> {
  const config = readAgentConfig(environment.root);
  if (config === undefined) return undefined;
  const files = connectionFiles(environment.root);
  const http = new HttpClient({
    origin: config.endpoint,
    authorities: config.ownAuthority ? readFileSync(files.authority, 'utf8') : undefined,
    proxy: () => proxyNow(environment, readControls(environment)),
  });
  const catalog = openCatalog({
    directory: join(agentPaths(environment.root).catalog, 'watched'),
    pinnedRoot: readFileSync(files.pinnedRoot),
    fetch: fetchCatalogFrom(http, config.catalogUrl),
    now: () => new Date(environment.now()),
  });
  const checked = new Date(environment.now()).toISOString();
  try {
    await catalog.refresh();
    return { format: 1, checked, code: '', message: '', roles: [...(await catalog.expiries())] };
  } catch (error) {
    const code = error instanceof OperationFailure ? error.code : 'InternalError';
    return { format: 1, checked, code, message: messageOf(error), roles: [] };
  } finally {
    http.close();
  }
}
