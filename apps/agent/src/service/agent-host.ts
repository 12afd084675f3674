/**
 * Runs the agent of one root in this process: waits until the machine is connected, runs its services, and follows when it is
 * disconnected or connected anew. One process a root (T84).
 */
import { join } from 'node:path';
import { messageOf } from '@sallyport/model';
import { followAgentConfig, readAgentConfig, type AgentConfig } from '../connection/agent-config.ts';
import { systemFacts } from '../connection/system-facts.ts';
import { MetadataService } from '../metadata-service/metadata-service.ts';
import type { Environment } from '../platform/environment.ts';
import { FolderWatch } from '../platform/folder-watch.ts';
import { fileStamp } from '../platform/file-stamp.ts';
import { fileLog } from '../platform/log.ts';
import { agentPaths } from '../platform/paths.ts';
import { agentState } from './agent-state.ts';
import { answerCancelRequests, prepareCancelRequests } from './cancel-requests.ts';
import { ConnectedAgent } from './connected-agent.ts';

export interface AgentHostOptions {
  readonly environment: Environment;
  readonly program: string;
  readonly signal: AbortSignal;
  /** For people who watch. */
  say(text: string): void;
}

/** Resolves when the signal ends and everything is stopped. The caller holds the lock of the root. */
export async function runAgentHost(options: AgentHostOptions): Promise<void> {
  const { environment, signal } = options;
  let running: { readonly agent: ConnectedAgent; readonly identity: string } | undefined;
  const configNow = followAgentConfig(environment.root);
  let controls = fileStamp(agentPaths(environment.root).localConfig);
  const metadata = metadataService(options, () => running?.agent);
  metadata.start();
  let complaint = '';
  const complain = (text: string): void => {
    if (text !== complaint && text !== '') options.say(text);
    complaint = text;
  };
  const { data } = agentPaths(environment.root);
  const watch = new FolderWatch([data, prepareCancelRequests(environment.root)]);
  while (!signal.aborted) {
    try {
      const config = configNow();
      const identity = config === undefined ? undefined : identityOf(config);
      if (running !== undefined && running.identity !== identity) {
        options.say('The connection of this machine has changed.');
        await running.agent.stop();
        running = undefined;
      }
      if (config === undefined || identity === undefined) {
        complain('This machine is not connected; waiting for: azcmagent connect');
      } else if (running === undefined) {
        running = { agent: started(options, config), identity };
        options.say(`Connected as ${config.resourceId}`);
        complain('');
      }
    } catch (error) {
      complain(messageOf(error));
    }
    const now = fileStamp(agentPaths(environment.root).localConfig);
    if (now !== controls) running?.agent.controlsChanged();
    controls = now;
    await answerCancelRequests(
      environment.root,
      async (wanted) => (await running?.agent.cancel(wanted)) ?? [],
      (text) => options.say(text),
    );
    await watch.next(signal);
  }
  watch.close();
  await metadata.stop();
  await running?.agent.stop();
}

/** The local endpoint. It is there whether the machine is connected or not. */
function metadataService(options: AgentHostOptions, agent: () => ConnectedAgent | undefined): MetadataService {
  const { environment } = options;
  const config = (): AgentConfig | undefined => readAgentConfig(environment.root);
  return new MetadataService({
    environment,
    log: fileLog(join(agentPaths(environment.root).logs, 'himds.log'), environment),
    say: (text) => options.say(text),
    sources: {
      config,
      identity: () => agent()?.identity(),
      system: systemFacts,
      state: () => agentState(environment, config()),
    },
  });
}

function started({ environment, program }: AgentHostOptions, config: AgentConfig): ConnectedAgent {
  const agent = new ConnectedAgent({ environment, config, program });
  agent.start();
  return agent;
}

function identityOf(config: AgentConfig): string {
  return JSON.stringify(config);
}
