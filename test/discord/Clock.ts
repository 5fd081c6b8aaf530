/** The emulator's time, which a test can advance, and the ids made from it. */

const discordEpoch = 1_420_070_400_000
const day = 86_400_000

export class Clock {
  #offset = 0
  #lastMs = 0
  #count = 0
  #guilds = 0

  /** Milliseconds since 1970: the machine's time and what was advanced. */
  now = (): number => Date.now() + this.#offset

  /** Lets time pass at once, as far as this Discord is concerned: interactions, links, limits and sessions grow old. */
  advance = (ms: number): void => {
    this.#offset += ms
  }

  /** A new id: unique, and greater than every earlier one of the same or an earlier moment. */
  id = (at: number = this.now()): string => {
    const ms = Math.floor(at)
    this.#count = ms > this.#lastMs ? 0 : (this.#count + 1) & 0x3fffff
    const shown = at < this.#lastMs - 1000 ? ms : Math.max(ms, this.#lastMs)
    this.#lastMs = Math.max(this.#lastMs, shown)
    return String((BigInt(shown - discordEpoch) << 22n) | BigInt(this.#count))
  }

  /** Servers are of different days, so that shards, which go by the day and not by the count, share them evenly. */
  guildId = (): string => this.id(this.now() - 400 * day + this.#guilds++)
}

/** When the thing with this id was made. */
export const madeAt = (id: string): number => Number(BigInt(id) >> 22n) + discordEpoch

/** Ids as numbers, without making numbers of them. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export const isId = (text: unknown): text is string => typeof text === "string" && /^\d{15,20}$/.test(text)
