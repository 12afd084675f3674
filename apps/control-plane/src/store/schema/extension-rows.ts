/** Extensions of machines and the operations that change them. */

export interface ExtensionRow {
  readonly vm_id: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  /** `publisher/type` in lower case. */
  readonly extension_key: string;
  readonly publisher: string;
  readonly type: string;
  /** As asked for; '' when the request named none. */
  readonly type_handler_version: string;
  readonly auto_upgrade_minor_version: number;
  readonly enable_automatic_upgrade: number | null;
  readonly force_update_tag: string | null;
  readonly settings: string | null;
  /** Names of the extensions that have to be there before it, as JSON, or null for none. */
  readonly provision_after: string | null;
  /** The operation that last changed the resource. */
  readonly operation_id: string;
  /** Highest sequence number ever given out for this resource. */
  readonly sequence: number;
  /** What the machine is to have, as JSON (`ExtensionGoal`), or null when nothing is wanted of it. */
  readonly goal: string | null;
  /** What `goal` goes back to when the machine never comes for the operation; null for nothing. */
  readonly lapse_goal: string | null;
  /** What the machine last reported to have; '' for nothing. */
  readonly installed_version: string;
  /** The handler's last status as JSON, or null. */
  readonly status: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

export interface OperationRow {
  readonly operation_id: string;
  readonly vm_id: string;
  readonly subscription_id: string;
  readonly location: string;
  readonly resource_id: string;
  readonly extension_name_key: string;
  readonly kind: 'install' | 'update' | 'upgrade' | 'delete';
  readonly state: string;
  readonly created_at: number;
  readonly deadline_at: number;
  readonly ended_at: number | null;
  /** States gone through, with their times, as JSON (`OperationStep[]`). */
  readonly steps: string;
  /** What it is at, as JSON (`OperationProgress`), or null when the machine does not say or it is over. */
  readonly progress: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  /** The server's explanation as JSON, or null. */
  readonly explanation: string | null;
  /** Who asked and how, as JSON (`EventOrigin`), for the event that ends the operation. */
  readonly origin: string;
}

/** What an operator signed of an operation that is not over (T10). Carried for the machine, and gone with the operation's end. */
export interface OperationOrderRow {
  readonly vm_id: string;
  readonly operation_id: string;
  /** Their public key. */
  readonly signer: string;
  /** `PresentedOrder` as JSON. */
  readonly presented: string;
  readonly added_at: number;
  readonly added_by: string;
}
