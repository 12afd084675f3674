/**
 * The control plane's own certificate authority: makes a CA once and issues the server's TLS certificate from it.
 * P-256 throughout. It issues nothing to machines: those identify themselves with their own key and tokens (DESIGN).
 */
export { createAuthority, type Authority } from './authority.ts';
export { issueServerCertificate, type ServerCertificate } from './server-certificate.ts';
export { serverCertificateIsCurrent } from './certificate-currency.ts';
