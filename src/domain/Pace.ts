/**
 * When a channel may be sent the next message: a burst at first, then spread over what is left of the minute. Discord
 * announces 5 messages in 2 s for a webhook; that a channel takes 30 a minute it says only by refusing more.
 */

export const burst = { messages: 5, ms: 2_000 } as const
export const minute = { messages: 30, ms: 60_000 } as const

/** Those that still count. */
export const recent = (sentAt: ReadonlyArray<number>, now: number): ReadonlyArray<number> =>
  sentAt.filter((at) => at > now - minute.ms)

/** `sentAt` is in order. The result is `now` or later, in milliseconds since the epoch. */
export const nextAt = (
  sentAt: ReadonlyArray<number>,
  now: number,
  /** What the channel takes; a third of it goes without being spread. */
  perMinute: number = minute.messages
): number => {
  const last = recent(sentAt, now)
  const newest = last.at(-1)
  if (newest === undefined) return now
  const waits = [now]
  const inBurst = last.at(-burst.messages)
  if (inBurst !== undefined) waits.push(inBurst + burst.ms)
  const inMinute = last.at(-perMinute)
  if (inMinute !== undefined) waits.push(inMinute + minute.ms)
  const free = perMinute / 3
  if (last.length >= free) waits.push(newest + minute.ms / Math.max(1, perMinute - 2))
  return Math.max(...waits)
}
