/** Who can read which channel of a server, by roles and overwrites; and what everyone who reads one channel can read. */

/** Bits of Discord's permissions; those above bit 30 are left out, so that they fit in an ordinary number. */
export const permission = {
  administrator: 1 << 3,
  manageServer: 1 << 5,
  viewChannel: 1 << 10,
  sendMessages: 1 << 11,
  embedLinks: 1 << 14,
  readHistory: 1 << 16,
  connect: 1 << 20
} as const

const everything = 0x7fffffff

/** Discord writes permissions as decimal text, which may have more than 31 bits. */
export const permissionsIn = (text: string): number => Number(BigInt(text) & BigInt(everything))

export interface Role {
  readonly id: string
  readonly permissions: number
}

export interface Overwrite {
  /** Of a role or a member; that of the server is the role everyone has. */
  readonly id: string
  readonly member: boolean
  readonly allow: number
  readonly deny: number
}

export interface Place {
  readonly id: string
  readonly overwrites: ReadonlyArray<Overwrite>
  /** To read what is written in a voice channel, one must be able to enter it. */
  readonly voice: boolean
}

export interface Server {
  readonly id: string
  readonly ownerId: string
  /** The role everyone has, whose id is the server's, is among them. */
  readonly roles: ReadonlyMap<string, Role>
}

export interface Member {
  readonly id: string
  readonly roleIds: ReadonlyArray<string>
}

/** What a member may do on the server, whatever the channel. */
export const permissionsOf = (server: Server, { id, roleIds }: Member): number => {
  if (id === server.ownerId) return everything
  let base = server.roles.get(server.id)?.permissions ?? 0
  for (const roleId of roleIds) base |= server.roles.get(roleId)?.permissions ?? 0
  return (base & permission.administrator) === 0 ? base : everything
}

/** What a member may do in a channel: the overwrites of everyone, then of their roles, then their own. */
export const permissionsAt = (server: Server, place: Place, member: Member): number => {
  const base = permissionsOf(server, member)
  if (base === everything) return everything
  let [everyoneAllow, everyoneDeny, allow, deny, ownAllow, ownDeny] = [0, 0, 0, 0, 0, 0]
  for (const overwrite of place.overwrites) {
    if (overwrite.member) {
      if (overwrite.id === member.id) [ownAllow, ownDeny] = [overwrite.allow, overwrite.deny]
    } else if (overwrite.id === server.id) {
      ;[everyoneAllow, everyoneDeny] = [overwrite.allow, overwrite.deny]
    } else if (member.roleIds.includes(overwrite.id)) {
      allow |= overwrite.allow
      deny |= overwrite.deny
    }
  }
  const asEveryone = (base & ~everyoneDeny) | everyoneAllow
  const withRoles = (asEveryone & ~deny) | allow
  return (withRoles & ~ownDeny) | ownAllow
}

const has = (permissions: number, wanted: number): boolean => (permissions & wanted) === wanted

const toRead = ({ voice }: Place): number =>
  permission.viewChannel | permission.readHistory | (voice ? permission.connect : 0)

/** Whether a member can read what was said in a channel before. */
export const canRead = (server: Server, place: Place, member: Member): boolean =>
  has(permissionsAt(server, place, member), toRead(place))

/** Whoever sees a channel reads what is said there from now on, its history or not. */
const canWatch = (server: Server, place: Place, member: Member): boolean =>
  has(permissionsAt(server, place, member), permission.viewChannel)

/** Roles that differ in nothing that matters for the two places, one of each kind. */
const distinctRoles = (server: Server, places: ReadonlyArray<Place>, exempt: ReadonlySet<string>) => {
  const bits = permission.viewChannel | permission.readHistory | permission.connect
  const kinds = new Map<string, string>()
  for (const { id, permissions } of server.roles.values()) {
    if (id === server.id || exempt.has(id) || has(permissions, permission.administrator)) continue
    const overwrites = places.map(({ overwrites }) => overwrites.find((it) => it.id === id && !it.member))
    const kind = overwrites.flatMap((it) => [(it?.allow ?? 0) & bits, (it?.deny ?? 0) & bits])
    kinds.set([permissions & bits, ...kind].join(), id)
  }
  return [...kinds.values()]
}

const nobody = ""

/**
 * Whether everyone who can watch `destination` can read `place`, for any members there may ever be. A member who can
 * watch the one and not read the other needs at most two roles for it: one that lets them in there, one that keeps them
 * out here. So all pairs of roles, alone and with each member that an overwrite names, stand for everyone.
 */
const everyWatcherReads = (server: Server, destination: Place, place: Place, exempt: ReadonlySet<string>): boolean => {
  const places = [destination, place]
  const roles = distinctRoles(server, places, exempt)
  const named = places.flatMap(({ overwrites }) => overwrites.filter(({ id, member }) => member && !exempt.has(id)))
  const ids = [...new Set([nobody, ...named.map(({ id }) => id)])]
  const pairs = [
    [],
    ...roles.map((one) => [one]),
    ...roles.flatMap((one, i) => roles.slice(i + 1).map((two) => [one, two]))
  ]
  return ids.every((id) =>
    pairs.every((roleIds) => {
      const member = { id, roleIds }
      return !canWatch(server, destination, member) || canRead(server, place, member)
    })
  )
}

/**
 * The channels that everyone who can watch `destination` can read. Members need not be known. `exempt` are the bot
 * itself and the roles that only it can have, which keep nothing from anybody.
 */
export const readableByAllOf = (
  server: Server,
  destination: Place,
  places: Iterable<Place>,
  exempt: ReadonlySet<string>
): ReadonlySet<string> => {
  const readable = new Set<string>()
  for (const place of places) if (everyWatcherReads(server, destination, place, exempt)) readable.add(place.id)
  return readable
}

/** The channels that one member can read. */
export const readableBy = (server: Server, places: Iterable<Place>, member: Member): ReadonlySet<string> => {
  const readable = new Set<string>()
  for (const place of places) if (canRead(server, place, member)) readable.add(place.id)
  return readable
}
