/** Tells the centre what one operation is at, as it moves: state, step and deadline, and the end of what its command prints. */
import type { OperationState } from '@sallyport/model';
import type { ExtensionReport, InstanceStatus, StepProgress } from '@sallyport/model/wire';

/** A step as it begins. */
export interface CurrentStep {
  readonly name: string;
  readonly message: string;
  readonly limitSeconds: number;
}

export interface ProgressOptions {
  /** Wall clock and clock that never jumps, in milliseconds. */
  now(): number;
  monotonic(): number;
  /** Takes what has moved; returns at once. */
  tell(moved: Pick<ExtensionReport, 'state' | 'time' | 'status' | 'step'>): void;
}

/** Characters of a command's output that are shown while it runs. */
const shownOutput = 1500;

/** Holds what was said last, so that each report is whole. */
export class OperationProgress {
  readonly #options: ProgressOptions;
  /** What it is before it has said anything of itself; the centre keeps its own word for that. */
  #state: OperationState = 'Delivered';
  #time: string;
  #status: InstanceStatus | undefined;
  #step: CurrentStep | undefined;
  #begun = 0;
  #output = '';

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#time = this.#wallTime();
  }

  /** The step it is at; '' before the first. */
  get step(): string {
    return this.#step?.name ?? '';
  }

  /** How far the operation is. A state that lasts keeps the time it was reached at. */
  state(state: OperationState, status?: InstanceStatus): void {
    if (state !== this.#state) this.#time = this.#wallTime();
    this.#state = state;
    this.#status = status ?? this.#status;
    this.#tell();
  }

  /** A step begins. */
  at(step: CurrentStep): void {
    this.#step = step;
    this.#begun = this.#options.monotonic();
    this.#output = '';
    this.#tell();
  }

  /** What the running command has printed by now; told when it has changed. Secrets are out of it already (S1.7). */
  printed(output: string): void {
    const end = output.slice(-shownOutput);
    if (end === this.#output) return;
    this.#output = end;
    this.#tell();
  }

  #tell(): void {
    this.#options.tell({
      state: this.#state,
      time: this.#time,
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(this.#step === undefined ? {} : { step: this.#stepProgress(this.#step) }),
    });
  }

  #stepProgress({ name, message, limitSeconds }: CurrentStep): StepProgress {
    const elapsedSeconds = Math.max(0, (this.#options.monotonic() - this.#begun) / 1000);
    return {
      name,
      message,
      elapsedSeconds,
      limitSeconds,
      ...(this.#output === '' ? {} : { output: this.#output }),
    };
  }

  #wallTime(): string {
    return new Date(this.#options.now()).toISOString();
  }
}
