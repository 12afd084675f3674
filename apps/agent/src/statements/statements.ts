/**
 * Signs what is in force on this machine and brings it to the centre, so that whoever looks there need not believe the centre (T16). The
 * answer shows where the activity log stands, which is kept here, and countersigned by the next statement (T15).
 */
import { signStatement, type KeyLineage, type Statement } from '@sallyport/machine-statement';
import { messageOf } from '@sallyport/model';
import type { StatementAnswer } from '@sallyport/model/wire';
import type { AgentApi } from '../connection/agent-api.ts';
import type { MachineKeyring } from '../connection/machine-keyring.ts';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import { keepCheckpoint, newestKept } from './kept-checkpoints.ts';
import { isStatementDue, type LastStatement } from './statement-due.ts';
import { readStatementNumber, writeStatementNumber } from './statement-number.ts';

export interface StatementsOptions {
  readonly keyring: MachineKeyring;
  readonly resourceId: string;
  readonly api: AgentApi;
  readonly environment: Environment;
  readonly log: Log;
}

/** What a machine says of its local controls. */
export type StatedControls = Pick<Statement, 'agentConfiguration' | 'signers'>;

/** Holds what is under way. */
export class Statements {
  readonly #options: StatementsOptions;
  #last: LastStatement | undefined;
  #running: Promise<void> | undefined;

  constructor(options: StatementsOptions) {
    this.#options = options;
  }

  /** These local controls were told to the centre: signs and brings them where that is due. Failures are logged and tried again. */
  consider(inForce: StatedControls, signal: AbortSignal): void {
    const controls = JSON.stringify(inForce);
    const now = this.#options.environment.monotonic();
    if (this.#running !== undefined || !isStatementDue(this.#last, controls, now)) return;
    this.#running = this.#bring(inForce, signal)
      .then((brought) => void (this.#last = { controls, at: now, brought }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #bring(inForce: StatedControls, signal: AbortSignal): Promise<boolean> {
    const { keyring, api, log } = this.#options;
    try {
      const lineage = keyring.lineage();
      if (lineage === undefined) {
        log(
          'warn',
          'what is in force here cannot be signed: how the keys of this machine followed one another is lost',
        );
        return true;
      }
      this.#keep(await api.bringStatement({ statement: this.#sign(inForce, lineage) }, signal));
      return true;
    } catch (error) {
      if (!signal.aborted) log('warn', 'what is in force here was not brought signed', { error: messageOf(error) });
      return false;
    }
  }

  #sign(inForce: StatedControls, lineage: KeyLineage): string {
    const { keyring, resourceId, environment } = this.#options;
    const { root } = environment;
    const number = (readStatementNumber(root)?.number ?? 0) + 1;
    const time = new Date(environment.now()).toISOString();
    writeStatementNumber(root, { number, time });
    const checkpoint = newestKept(root);
    return signStatement(
      {
        vmId: keyring.vmId,
        resourceId,
        number,
        time,
        ...inForce,
        ...lineage,
        ...(checkpoint === undefined ? {} : { checkpoint }),
      },
      keyring.privateKey,
    );
  }

  #keep({ checkpoint, checkpointKey }: StatementAnswer): void {
    const { environment, log } = this.#options;
    if (checkpoint === undefined || checkpointKey === undefined) return;
    const kept = keepCheckpoint(environment.root, checkpoint, checkpointKey, environment.now());
    if (kept.outcome === 'contradicts') log('error', kept.message);
  }
}
