/**
 * Who is let in while the process cannot keep up (T19): what waits for the event loop is answered late by everybody, so some are asked to
 * come again later, those that lose nothing by it first. Agents come again by themselves, with jitter; a goal is only reached later.
 */
import type { RequestKind } from '../monitoring/request-kind.ts';

/** How the process is doing: how late its event loop is, smoothed, and which share of what can wait is let in. */
export interface Load {
  readonly lateMilliseconds: number;
  readonly share: number;
}

export const noLoad: Load = { lateMilliseconds: 0, share: 1 };

/** Never nobody: those who are let in show when it is better. */
const smallestShare = 0.05;

/** The load after a look that came `late` milliseconds late. Pure. */
export function nextLoad({ lateMilliseconds, share }: Load, late: number, limitMilliseconds: number): Load {
  // Half of what was: one long pause alone is no overload.
  const smoothed = (lateMilliseconds + late) / 2;
  const next = smoothed > limitMilliseconds ? share * 0.7 : share + 0.1;
  return { lateMilliseconds: smoothed, share: Math.min(1, Math.max(smallestShare, next)) };
}

/** What can wait, and what only when that was not enough. What is not named is always let in: checks, metrics, work that is being finished. */
const patience: Readonly<Partial<Record<RequestKind, 'first' | 'then'>>> = {
  heartbeat: 'first',
  channel: 'first',
  keys: 'first',
  package: 'first',
  catalog: 'first',
  token: 'then',
  arm: 'then',
};

/** Whether a request is let in; `chance` is evenly from 0 to 1. Pure. */
export function letIn(kind: RequestKind, { share }: Load, chance: number): boolean {
  const when = patience[kind];
  if (when === undefined) return true;
  return chance < (when === 'first' ? share : share * 2);
}

export interface Admission {
  /** The seconds after which to come again, or undefined for a request that is let in. */
  refusal(kind: RequestKind): number | undefined;
  /** Which share of what can wait is let in. */
  share(): number;
  end(): void;
}

/** How often it is looked how late the event loop is. */
const lookMilliseconds = 250;
/** Between these seconds whoever is refused comes again. */
const soonest = 5;
const latest = 30;

/**
 * The seconds after which one who is refused is to come again, each at another time: soon where few are refused, as there is room again by
 * then, and the more of them the longer. `chance` is evenly from 0 to below 1. Pure.
 */
export function comeAgainAfter({ share }: Load, chance: number): number {
  const spread = Math.ceil((latest - soonest) * (1 - share));
  return soonest + Math.floor(chance * (spread + 1));
}

/** Watches the event loop of this process; with a limit of 0 it lets everybody in. */
export function createAdmission(limitMilliseconds: number, random: () => number): Admission {
  if (limitMilliseconds === 0) return { refusal: () => undefined, share: () => 1, end: () => undefined };
  let load = noLoad;
  let expected = performance.now() + lookMilliseconds;
  const timer = setInterval(() => {
    const now = performance.now();
    load = nextLoad(load, Math.max(0, now - expected), limitMilliseconds);
    expected = now + lookMilliseconds;
  }, lookMilliseconds);
  timer.unref();
  return {
    refusal: (kind) => (letIn(kind, load, random()) ? undefined : comeAgainAfter(load, random())),
    share: () => load.share,
    end: () => clearInterval(timer),
  };
}

/** The answer to whoever is to come again. */
export const overloaded = {
  status: 429,
  body: {
    error: {
      code: 'TooManyRequests',
      message:
        'The control plane has more to do than it can. Nothing was done; come again after the time in Retry-After.',
    },
  },
} as const;
