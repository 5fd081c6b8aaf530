/** Names of the collections: one for documents, one for each server, apart for each embedder because their vectors do not mix. */

/** `null` stands for documents. */
export const collectionOf = (serverId: string | null, embedderId: string): string =>
  serverId === null ? `documents-${embedderId}` : `server-${serverId}-${embedderId}`
