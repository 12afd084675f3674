/**
 * Orders: what operators sign so that a server does it although it does not believe the centre (T10). An order names one operation on
 * one machine in full; whether enough of the right people signed it is decided on the server (`@sallyport/local-controls`). Pure.
 */
export * from './canonical-json.ts';
export * from './digest.ts';
export * from './order.ts';
export * from './order-text.ts';
export * from './signer-key.ts';
