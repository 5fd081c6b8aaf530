/** Many notifications in few messages: up to ten embeds each, in order, with bursts of the same kind told as one. */
import { clip, type Embed, fitted, limits, sizeOf } from "./Embed.ts"
import { marked, type Notification } from "./Notification.ts"

/** One message, and the notifications it tells. */
export interface Message {
  /** In order, at least one; the reference of the first stands in the first embed. */
  readonly ids: readonly [string, ...Array<string>]
  readonly embeds: ReadonlyArray<Embed>
}

/** Of a group, so many are told by themselves before the rest becomes one. */
export const shownOfGroup = 3

interface Part {
  readonly ids: [string, ...Array<string>]
  readonly embed: Embed
}

const more = ({ color, title }: Embed, count: number, newest: Embed): Embed => ({
  title: clip(`${count} more like this`, limits.title),
  description: title,
  color,
  fields: [],
  at: newest.at
})

/** Units that the reference takes. */
const room = 20
const toEmbed = (notification: Notification): Embed =>
  marked({ ...notification, embed: fitted(notification.embed, room) })

/** What is shown for each, in order: a burst stands where the first of it that is not shown by itself stood. */
const parts = (notifications: ReadonlyArray<Notification>): ReadonlyArray<Part> => {
  const counts = new Map<string, number>()
  for (const { group } of notifications) if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1)
  const folded = new Map<string, Array<Notification>>()
  const seen = new Map<string, number>()
  const all: Array<Part | string> = []
  for (const notification of notifications) {
    const { group, id } = notification
    const nth = group === undefined ? 0 : (seen.get(group) ?? 0) + 1
    if (group !== undefined) seen.set(group, nth)
    if (group === undefined || nth <= shownOfGroup || counts.get(group)! <= shownOfGroup + 1) {
      all.push({ ids: [id], embed: toEmbed(notification) })
      continue
    }
    const burst = folded.get(group)
    if (burst === undefined) {
      folded.set(group, [notification])
      all.push(group)
    } else {
      burst.push(notification)
    }
  }
  return all.map((part) => {
    if (typeof part !== "string") return part
    const burst = folded.get(part)!
    const embed = more(burst[0]!.embed, burst.length, burst.at(-1)!.embed)
    const [first, ...others] = burst
    return { ids: [first!.id, ...others.map(({ id }) => id)], embed: toEmbed({ ...burst[0]!, embed }) }
  })
}

/** In order, as few messages as the limits allow. */
export const pack = (notifications: ReadonlyArray<Notification>): ReadonlyArray<Message> => {
  const messages: Array<{ ids: [string, ...Array<string>]; embeds: Array<Embed>; size: number }> = []
  for (const { embed, ids } of parts(notifications)) {
    const size = sizeOf(embed)
    const last = messages.at(-1)
    if (last === undefined || last.embeds.length === limits.embeds || last.size + size > limits.total) {
      messages.push({ ids, embeds: [embed], size })
    } else {
      last.ids.push(...ids)
      last.embeds.push(embed)
      last.size += size
    }
  }
  return messages
}
