/** What the store keeps for itself. */

/** A file that control planes on one database have in common (`state/shared-files.ts`). */
export interface SharedFileRow {
  readonly name: string;
  readonly sealed: string;
}

/** Kysely's own record of the migrations that were carried out. */
export interface MigrationRow {
  readonly name: string;
  readonly timestamp: string;
}
