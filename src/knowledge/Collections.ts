/** Which collection of the vector store a passage's vector is in, and what is kept beside it. */
import type { Placed } from "../domain/Audience.ts"
import type { Metadata } from "../vectors/VectorStore.ts"

/** One for all documents and one for each server's chat; `serverId` is `null` for documents. */
export const collectionOf = (serverId: string | null, embedderId: string): string =>
  serverId === null ? `documents-${embedderId}` : `server-${serverId}-${embedderId}`

export const isOfEmbedder = (collection: string, embedderId: string): boolean => collection.endsWith(`-${embedderId}`)

/** What an audience is checked by before anything else of the passage is read. */
export const metadataOf = ({ serverId, channelId }: Placed): Metadata =>
  serverId === null || channelId === null ? { kind: "document" } : { kind: "chat", serverId, channelId }

const text = (value: Metadata[string] | undefined): string | null => (typeof value === "string" ? value : null)

export const placedBy = (metadata: Metadata): Placed => ({
  serverId: text(metadata["serverId"]),
  channelId: text(metadata["channelId"])
})
