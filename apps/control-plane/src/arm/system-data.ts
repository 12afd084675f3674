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
    createdByType: typeOf(row.created_by),
    createdAt: new Date(row.created_at).toISOString(),
    lastModifiedBy: row.changed_by,
    lastModifiedByType: typeOf(row.changed_by),
    lastModifiedAt: new Date(row.changed_at).toISOString(),
  };
}

/** People have user names with an @; applications and machines are GUIDs. */
function typeOf(author: string): 'User' | 'Application' {
  return author.includes('@') ? 'User' : 'Application';
}
