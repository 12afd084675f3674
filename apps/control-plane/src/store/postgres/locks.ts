/** Advisory locks of this program, as their two numbers. The first sets them apart from those of other programs. */
export const lockClass = 0x5a117;

/** Held by a transaction that changes something, from its first statement to its commit: the log is a chain. */
export const changeLock = 1;
