/** Roles and who has them where. */

/** A custom role; the built-in ones are in the code. */
export interface RoleDefinitionRow {
  /** GUID in lower case. */
  readonly role_id: string;
  readonly name: string;
  readonly name_key: string;
  readonly description: string;
  /** JSON (`Permission[]`). */
  readonly permissions: string;
  /** JSON (`string[]`). */
  readonly assignable_scopes: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** Who may do what where. */
export interface RoleAssignmentRow {
  /** GUID in lower case. */
  readonly assignment_id: string;
  readonly scope: string;
  readonly scope_key: string;
  readonly role_id: string;
  /** The object id of a principal. */
  readonly principal_id: string;
  readonly description: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}
