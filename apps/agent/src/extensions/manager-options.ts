/** What the extension manager is given: by itself it reads and writes nothing. */
import type { ExtensionHost, Supplies } from './operation-context.ts';
import type { Hosting } from './plan/hosting.ts';
import type { OrderGate } from './orders/order-gate.ts';
import type { Permit } from './plan/permission.ts';
import type { Reporter } from './report/reporter.ts';
import type { Journal } from './state/journal.ts';

export interface ManagerOptions {
  readonly host: ExtensionHost;
  readonly supplies: Supplies;
  readonly journal: Journal;
  readonly reporter: Reporter;
  readonly permit: Permit;
  readonly orders: OrderGate;
  /** Whether anything of extensions may be run at this moment. */
  readonly hosting: () => Hosting;
  /** How long an operation may take in all, when that is not what the control plane allows it. */
  readonly deadlineSeconds?: number;
}
