/** What the local endpoint answers to a request that the guard has let through, by path. */
import type { SystemFacts } from '@sallyport/model/wire';
import type { AgentConfig } from '../connection/agent-config.ts';
import { refuseVersion } from './api-version.ts';
import type { Challenges } from './challenges.ts';
import { instanceDocument } from './instance-document.ts';
import { badRequest, refusal, type LocalAnswer } from './local-answer.ts';
import type { LocalRequest } from './request-guard.ts';
import { answerToken, type MachineIdentity } from './token-answer.ts';

/** The state of the agent, as `/agentstatus` tells it. */
export interface AgentState {
  readonly status: string;
  readonly lastHeartBeat: string;
  readonly agentVersion: string;
  readonly errorCode: string;
  readonly errorDetails: string;
}

export interface LocalSources {
  /** Undefined while the machine is not connected. */
  config(): AgentConfig | undefined;
  identity(): MachineIdentity | undefined;
  system(): SystemFacts;
  state(): AgentState;
}

const oldestVersion = '2019-08-15';

const base = 'http://127.0.0.1';

/** Answers. `user` is whose process asks, if the kernel says. Throws only what was not foreseen. */
export async function answerLocally(
  request: LocalRequest,
  user: number | undefined,
  challenges: Challenges,
  sources: LocalSources,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  if (!request.target.startsWith('/') || !URL.canParse(request.target, base)) {
    return badRequest('The address of the request cannot be read.');
  }
  const { pathname, searchParams } = new URL(request.target, base);
  switch (pathname.toLowerCase()) {
    case '/metadata/identity/oauth2/token':
      return answerToken(request, searchParams, user, challenges, sources.identity(), signal);
    case '/metadata/instance':
      return (
        refuseVersion(searchParams, oldestVersion) ?? {
          status: 200,
          body: instanceDocument(sources.config(), sources.system()),
        }
      );
    case '/agentstatus':
      return refuseVersion(searchParams, oldestVersion) ?? { status: 200, body: sources.state() };
    default:
      return refusal(
        404,
        'not_found',
        'There is nothing here. There are /metadata/identity/oauth2/token, /metadata/instance and /agentstatus.',
      );
  }
}
