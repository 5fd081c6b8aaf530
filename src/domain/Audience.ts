/** Who may see what: an answer shows only what everyone who can read the answer may read. */

/** What a question may be answered from. Documents are open to everyone who may ask. */
export interface Audience {
  readonly serverId: string
  /** Channels that everyone in the destination can read. */
  readonly channelIds: ReadonlySet<string>
}

/** Where a passage stands: documents have neither server nor channel. */
export interface Placed {
  readonly serverId: string | null
  readonly channelId: string | null
}

export const maySee = (audience: Audience, passage: Placed): boolean =>
  passage.channelId === null || (passage.serverId === audience.serverId && audience.channelIds.has(passage.channelId))
