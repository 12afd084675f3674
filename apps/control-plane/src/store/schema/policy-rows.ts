/** Policy, what it found, and what it has still to look at. */

/** A definition, an initiative, an assignment of policy, or an exemption from one. */
export interface PolicyObjectRow {
  readonly kind: 'policyDefinitions' | 'policySetDefinitions' | 'policyAssignments' | 'policyExemptions';
  readonly scope: string;
  readonly scope_key: string;
  readonly name: string;
  readonly name_key: string;
  /** JSON, as it was sent and understood. */
  readonly properties: string;
  /** For assignments with an identity: where it stands, and the principal that it is. */
  readonly location: string | null;
  readonly principal_id: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** What the last look at a resource found for one assigned policy. */
export interface PolicyStateRow {
  readonly resource_key: string;
  readonly assignment_key: string;
  /** Of an initiative's member; '' when a definition is assigned by itself. */
  readonly reference_key: string;
  readonly resource_id: string;
  readonly state: string;
  /** When it was found; and since when it is so. */
  readonly evaluated_at: number;
  readonly changed_at: number;
  /** JSON (`PolicyState`): what queries are asked about. */
  readonly record: string;
}

/** What policy has to look at: a resource that changed, or everything at and beneath a scope. */
export interface PolicyDueRow {
  /** The id in lower case. */
  readonly scope_key: string;
  readonly scope: string;
  readonly reach: 'resource' | 'beneath';
  readonly due_at: number;
  /** When somebody wrote the resource, for what follows a write; null when it is only looked at. */
  readonly written_at: number | null;
  /** What follows a write has been done up to this time after it. */
  readonly done_until: number;
  /** For 'beneath': where it goes on. */
  readonly place: string | null;
}
