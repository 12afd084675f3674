/** Runs a target on mutated inputs, as many times as asked. */
import { mutate } from './mutate.ts';
import { seededRandom } from './random.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzRun {
  readonly executions: number;
  readonly accepted: number;
  readonly refused: number;
  /** Milliseconds of the slowest single execution, and its input. */
  readonly slowest: { readonly milliseconds: number; readonly input: Buffer };
}

/** An input for which something did not hold. */
export class FuzzFinding extends Error {
  override readonly name = 'FuzzFinding';
  readonly execution: number;
  readonly input: Buffer;
  constructor(execution: number, input: Buffer, cause: unknown) {
    super(`execution ${execution}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.execution = execution;
    this.input = input;
  }
}

/** Mutated inputs are kept to go on from when they are taken: what is reached so far is where the next ones begin. */
const mostKept = 256;

/** Throws {@link FuzzFinding} at the first input for which something does not hold. The same seed gives the same run. */
export async function fuzz(
  target: FuzzTarget,
  executions: number,
  seed: number,
  tell: (done: number) => void = () => undefined,
): Promise<FuzzRun> {
  const random = seededRandom(seed);
  const pool = [...target.seeds];
  let accepted = 0;
  // A refusal is an error, and where it came from costs more than all the rest; a finding is executed again for it.
  const frames = Error.stackTraceLimit;
  let slowest = { milliseconds: 0, input: Buffer.alloc(0) };
  Error.stackTraceLimit = 0;
  try {
    for (let execution = 1; execution <= executions; execution += 1) {
      const mutated = mutate(random(4) === 0 ? pool : target.seeds, target.words, random, target.most);
      const input = target.mend !== undefined && random(2) === 0 ? target.mend(mutated) : mutated;
      const begun = performance.now();
      try {
        const pending = target.execute(input);
        const outcome = typeof pending === 'string' ? pending : await pending;
        if (outcome === 'accepted') {
          accepted += 1;
          const place =
            pool.length < mostKept ? pool.length : target.seeds.length + random(mostKept - target.seeds.length);
          if (random(16) === 0) pool[place] = Buffer.from(input);
        }
      } catch (error) {
        throw new FuzzFinding(execution, input, error);
      }
      const milliseconds = performance.now() - begun;
      if (milliseconds > slowest.milliseconds) slowest = { milliseconds, input: Buffer.from(input) };
      if (execution % 100_000 === 0) tell(execution);
    }
  } finally {
    Error.stackTraceLimit = frames;
  }
  return { executions, accepted, refused: executions - accepted, slowest };
}
