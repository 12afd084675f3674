/** Operations that the server's administrator wants signed by operators (T10): who has to sign, and whether they did. */
export * from './judge-orders.ts';
export * from './signers.ts';
export * from './signers-in.ts';
