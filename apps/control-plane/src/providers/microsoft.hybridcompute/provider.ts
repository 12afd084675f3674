/** Names of the provider that its parts share. */
export const namespace = 'Microsoft.HybridCompute';
export const machineType = `${namespace}/machines`;
export const extensionType = `${namespace}/machines/extensions`;

/** Newest first, previews after the stable ones: `az` takes the first without `preview` (arm-api §4.3, §6.1). */
export const apiVersions: readonly string[] = [
  '2026-07-15',
  '2025-06-01',
  '2025-01-13',
  '2024-07-10',
  '2022-12-27',
  '2022-11-10',
  '2022-03-10',
  '2021-05-20',
  '2020-08-02',
  '2019-12-12',
  '2026-06-16-preview',
  '2024-11-10-preview',
  '2024-07-31-preview',
  '2024-05-20-preview',
  '2022-08-11-preview',
];
