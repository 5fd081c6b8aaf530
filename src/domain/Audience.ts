/** Who may see what: an answer shows only what everyone who can read the answer may read. */

/** What a question may be answered from. Documents are open to everyone who may ask. */
export interface Audience {
  readonly serverId: string
  /** Channels that everyone in the destination can read. */
  readonly channelIds: ReadonlySet<string>
  /** Channels of other servers that are open to them, too. */
  readonly also?: ReadonlyArray<Readable>
}

/** What may be read of one server. */
export interface Readable {
  readonly serverId: string
  readonly channelIds: ReadonlySet<string>
}

/** Server by server; the audience's own is the first. */
export const readableOf = ({ also = [], channelIds, serverId }: Audience): ReadonlyArray<Readable> => [
  { serverId, channelIds },
  ...also
]

/** Where a passage stands: documents have neither server nor channel. */
export interface Placed {
  readonly serverId: string | null
  readonly channelId: string | null
}

export const maySee = (audience: Audience, passage: Placed): boolean =>
  passage.channelId === null ||
  readableOf(audience).some(
    ({ channelIds, serverId }) => passage.serverId === serverId && channelIds.has(passage.channelId!)
  )
