/** The extension manager as the resident process sees it: a process that is started when there is work, and again when it dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import { CodedError } from '@sallyport/model';
import type { AgentExchange, AgentExchanges } from '../connection/agent-exchange.ts';
import { backoff } from '../platform/backoff.ts';
import { converse, type Conversation } from '../platform/conversation.ts';
import type { Log } from '../platform/log.ts';
import { askedAnswer, callFailures, extensionsWord, type AgentCalls, type ManagerCalls } from './extension-calls.ts';
import { giveBackMemorySoon } from './give-back-memory.ts';
import { workingFlags, workingVariables } from './resident.ts';

export interface ExtensionServiceOptions {
  /** The program of this agent: a bundled file or the sources' entry. */
  readonly program: string;
  readonly log: Log;
  /** With the control plane, for its process too. */
  readonly exchanges: AgentExchanges;
  /** A process has been started: it knows no goal state yet. */
  begun(): void;
}

interface Running {
  readonly child: ChildProcess;
  readonly manager: Conversation<ManagerCalls>;
  readonly ended: Promise<void>;
  /** It was asked or allowed to end. */
  isLeaving: boolean;
}

/** After this its end is not waited for any longer. Milliseconds. */
const longestStop = 60_000;

/** Holds the process that runs, if one does. */
export class ExtensionService {
  readonly #options: ExtensionServiceOptions;
  readonly #stop = new AbortController();
  #running: Running | undefined;
  /** All that have not ended. */
  readonly #processes = new Set<Running>();
  #wait = newBackoff();
  #again: NodeJS.Timeout | undefined;

  constructor(options: ExtensionServiceOptions) {
    this.#options = options;
  }

  /** Starts it: what was cut off goes on, and what is left over is cleared away. */
  start(): void {
    this.#atWork();
  }

  /** Has it fetch the goal state; gives the generation. Throws what stands against it. */
  async goal(): Promise<number> {
    const generation = await this.#atWork().manager.call('goal');
    this.#wait = newBackoff();
    return generation;
  }

  controlsChanged(): void {
    if (!this.#stop.signal.aborted) this.#tell(this.#atWork(), 'controlsChanged');
  }

  keyChanged(): void {
    if (!this.#stop.signal.aborted) this.#tell(this.#atWork(), 'keyChanged');
  }

  /** Of interest only to one that has something to tell. */
  connected(): void {
    if (this.#running !== undefined) this.#tell(this.#running, 'connected');
  }

  /** Ends operations; says on which resources. One that does not run has none. */
  async cancel(wanted: string | undefined): Promise<readonly string[]> {
    return this.#running === undefined ? [] : this.#running.manager.call('cancel', wanted ?? null);
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#again);
    if (this.#running !== undefined) this.#tell(this.#running, 'stop');
    const killing = setTimeout(() => this.#processes.forEach(({ child }) => child.kill('SIGKILL')), longestStop);
    await Promise.all([...this.#processes].map(({ ended }) => ended));
    clearTimeout(killing);
  }

  /** That it is gone is told by its end. */
  #tell({ manager }: Running, call: 'controlsChanged' | 'keyChanged' | 'connected' | 'stop'): void {
    manager.call(call).catch((error: unknown) => {
      if (!(error instanceof CodedError) || error.code !== 'Gone')
        this.#options.log('warn', 'the extension manager could not be told', { call, error: String(error) });
    });
  }

  #atWork(): Running {
    if (this.#running !== undefined) return this.#running;
    if (this.#stop.signal.aborted) throw new CodedError('Stopping', 'The agent is stopping.');
    clearTimeout(this.#again);
    const { program, exchanges } = this.#options;
    const child = spawn(process.execPath, [...workingFlags(), program, extensionsWord], {
      env: workingVariables(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const own = {
      ask: async (exchange: AgentExchange) => askedAnswer(await exchanges(exchange, this.#stop.signal)),
      done: (heard: number) => this.#mayLeave(running, heard),
    } satisfies Record<keyof AgentCalls, unknown>;
    const manager = converse<ManagerCalls>(child, own, callFailures);
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.#over(running, error.message);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#over(running, signal ?? `exit code ${code ?? 0}`);
        resolve();
      });
    });
    const running: Running = { child, manager, ended, isLeaving: false };
    this.#running = running;
    this.#processes.add(running);
    this.#options.begun();
    return running;
  }

  /** Not while something is on its way that it has not heard of. */
  #mayLeave(running: Running, heard: number): boolean {
    const may = running.manager.asked.there === heard;
    if (may) {
      running.isLeaving = true;
      if (this.#running === running) this.#running = undefined;
    }
    return may;
  }

  #over(running: Running, how: string): void {
    this.#processes.delete(running);
    if (this.#running === running) this.#running = undefined;
    giveBackMemorySoon();
    if (running.isLeaving || this.#stop.signal.aborted) return;
    this.#options.log('error', 'the extension manager has ended and is started again', { how });
    this.#again = setTimeout(() => this.start(), this.#wait());
  }
}

function newBackoff(): () => number {
  return backoff({ firstSeconds: 1, mostSeconds: 60, random: Math.random });
}
