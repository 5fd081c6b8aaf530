/** Which collection of the vector store a passage's vector is in, and what is kept beside it. */
import { chunkerVersion } from "../domain/Chunking.ts"
import type { Placed } from "../domain/Audience.ts"
import type { Metadata } from "../vectors/VectorStore.ts"

/** What one embedder makes of passages cut in one way; vectors of different names never mix. */
export const indexName = (embedderId: string): string =>
  chunkerVersion === 1 ? embedderId : `${embedderId}-c${chunkerVersion}`

/** One for all documents and one for each server's chat; `serverId` is `null` for documents. */
export const collectionOf = (serverId: string | null, embedderId: string): string =>
  collectionIn(serverId, indexName(embedderId))

export const collectionIn = (serverId: string | null, index: string): string =>
  serverId === null ? `documents-${index}` : `server-${serverId}-${index}`

export const isOfIndex = (collection: string, index: string): boolean => collection.endsWith(`-${index}`)

/** What an audience is checked by before anything else of the passage is read. */
export const metadataOf = ({ serverId, channelId }: Placed): Metadata =>
  serverId === null || channelId === null ? { kind: "document" } : { kind: "chat", serverId, channelId }

const text = (value: Metadata[string] | undefined): string | null => (typeof value === "string" ? value : null)

export const placedBy = (metadata: Metadata): Placed => ({
  serverId: text(metadata["serverId"]),
  channelId: text(metadata["channelId"])
})
