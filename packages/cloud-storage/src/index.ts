/**
 * Packages in folders, S3 and Azure Blob Storage, for the gallery and the control plane, and where a gallery has them; the clouds' libraries
 * are loaded only when an address asks for them. Agents never have this: they fetch over plain HTTPS.
 */
export * from './open-accounts.ts';
export * from './open-storage.ts';
export * from './storage-error.ts';
export * from './storage-settings.ts';
