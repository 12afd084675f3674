/** `systemData`: who made a resource and who changed it last. */
export interface Authorship {
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** The ARM shape of a row's authorship. */
export function systemData(row: Authorship): Readonly<Record<string, string>> {
  return {
    createdBy: row.created_by,
    createdByType: 'Application',
    createdAt: new Date(row.created_at).toISOString(),
    lastModifiedBy: row.changed_by,
    lastModifiedByType: 'Application',
    lastModifiedAt: new Date(row.changed_at).toISOString(),
  };
}
