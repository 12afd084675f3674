/** What the agent calls itself with to look at the catalog. */
export const checkCatalogWord = 'check-catalog-process';
