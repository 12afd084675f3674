/** What `/readyz` answers, on the port of the clients and on that of who watches. */
import type { Log } from '../http/log.ts';
import { readinessOf } from '../monitoring/readiness.ts';
import { recent } from '../monitoring/recent.ts';
import type { Services } from '../services.ts';

export interface ReadinessAnswer {
  readonly status: 200 | 503;
  readonly body: unknown;
}

export type Readiness = () => Promise<ReadinessAnswer>;

/** How long an answer of the checks holds for others who ask. */
const holdsMilliseconds = 1_000;

/** For whoever sends clients here: no while it is about to end, or while it cannot do its work. */
export function readinessAnswer(services: Services, stateDirectory: string, ending: AbortSignal, log: Log): Readiness {
  const checked = recent(holdsMilliseconds, () => readinessOf(services, stateDirectory, log));
  return async () => {
    if (ending.aborted) return { status: 503, body: { status: 'ending' } };
    const { ready, checks } = await checked();
    return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not ready', checks } };
  };
}
