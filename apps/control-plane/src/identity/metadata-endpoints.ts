import type { Endpoint } from './endpoint.ts';

/**
 * `GET /metadata/endpoints`: how clients find their way (arm-api §4.1). Versions before 2018 answer with an object, later ones
 * with an array. The login endpoint is the ADFS shape, which clients accept without asking a public cloud about it.
 */
export function metadataEndpoints(endpoint: Endpoint, apiVersion: string): unknown {
  const { url } = endpoint;
  if (apiVersion === '1.0' || apiVersion < '2018') {
    return {
      galleryEndpoint: url,
      graphEndpoint: `${url}/graph`,
      portalEndpoint: url,
      authentication: { loginEndpoint: `${url}/adfs`, audiences: [url] },
    };
  }
  return [
    {
      name: 'Sallyport',
      resourceManager: url,
      authentication: {
        loginEndpoint: `${url}/adfs`,
        audiences: [url],
        tenant: endpoint.tenantId,
        identityProvider: 'ADFS',
      },
      graphAudience: `${url}/graph`,
      graph: `${url}/graph`,
      microsoftGraphResourceId: `${url}/graph`,
      portal: url,
      gallery: url,
      batch: url,
      sqlManagement: url,
      media: url,
      activeDirectoryDataLake: url,
      vmImageAliasDoc: url,
      suffixes: { storage: 'invalid', keyVaultDns: 'invalid', sqlServerHostname: 'invalid' },
    },
  ];
}
