/** Limits by bucket, over all, of webhooks by channel, and of requests that are refused; as headers and 429s. */
import { createHash } from "node:crypto"
import type { Clock } from "./Clock.ts"

export interface Limit {
  readonly limit: number
  readonly seconds: number
}

/** As they were seen of Discord, which does not document them; routes that share a name share a bucket. */
const byBucket: Readonly<Record<string, Limit>> = {
  createMessage: { limit: 5, seconds: 5 },
  editMessage: { limit: 5, seconds: 5 },
  deleteMessage: { limit: 5, seconds: 1 },
  bulkDelete: { limit: 1, seconds: 1 },
  reactions: { limit: 1, seconds: 0.25 },
  typing: { limit: 5, seconds: 5 },
  history: { limit: 10, seconds: 1 },
  createThread: { limit: 10, seconds: 10 },
  webhook: { limit: 5, seconds: 2 },
  followUp: { limit: 5, seconds: 2 },
  commands: { limit: 5, seconds: 20 },
  createDirect: { limit: 10, seconds: 10 }
}

const ordinary: Limit = { limit: 50, seconds: 1 }

/** What the headers do not announce: how much webhooks may say in one channel. */
const webhooksOfAChannel: Limit = { limit: 30, seconds: 60 }

export interface RateLimitOptions {
  /** False: nothing is limited, and headers say so. */
  readonly on: boolean
  readonly global: number
  readonly banAfter: number
}

export const defaults: RateLimitOptions = { on: true, global: 50, banAfter: 10_000 }

interface Window {
  used: number
  resetAt: number
}

export interface Refused {
  readonly scope: "user" | "global" | "shared" | "cloudflare"
  readonly seconds: number
}

export interface Taken {
  readonly headers: Record<string, string>
  readonly refused?: Refused
}

const minutes10 = 600_000

export class RateLimits {
  readonly options: RateLimitOptions
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()
  readonly #invalid: Array<number> = []
  bannedUntil = 0

  constructor(clock: Clock, options: Partial<RateLimitOptions>) {
    this.#clock = clock
    this.options = { ...defaults, ...options }
  }

  /** Requests of the last ten minutes that were answered with 401, 403 or a 429 of the bot's own making. */
  get invalidRequests(): number {
    const now = this.#clock.now()
    while (this.#invalid.length > 0 && this.#invalid[0]! < now - minutes10) this.#invalid.shift()
    return this.#invalid.length
  }

  /** Counts an answer; too many wrong requests and the address is banned. */
  answered(status: number, shared: boolean): void {
    if (![401, 403, 429].includes(status) || shared) return
    const now = this.#clock.now()
    this.#invalid.push(now)
    if (this.invalidRequests >= this.options.banAfter) this.bannedUntil = now + 3_600_000
  }

  #window(key: string, { limit, seconds }: Limit): { readonly window: Window; readonly exceeded: boolean } {
    const now = this.#clock.now()
    let window = this.#windows.get(key)
    if (window === undefined || window.resetAt <= now) {
      window = { used: 0, resetAt: now + seconds * 1000 }
      this.#windows.set(key, window)
    }
    const exceeded = window.used >= limit
    if (!exceeded) window.used++
    return { window, exceeded }
  }

  #secondsLeft(window: Window) {
    return Math.max(0.001, (window.resetAt - this.#clock.now()) / 1000)
  }

  /** The whole bot's limit; requests without authorization and interactions do not count. */
  takeGlobal(): Refused | undefined {
    if (!this.options.on) return undefined
    const { exceeded, window } = this.#window("global", { limit: this.options.global, seconds: 1 })
    return exceeded ? { scope: "global", seconds: this.#secondsLeft(window) } : undefined
  }

  /** Takes one from the bucket of a route and its channel, server or webhook. */
  take(bucket: string, major: string): Taken {
    if (!this.options.on) return { headers: {} }
    const limit = byBucket[bucket] ?? ordinary
    const { exceeded, window } = this.#window(`${bucket} ${major}`, limit)
    const left = this.#secondsLeft(window)
    const headers = {
      "x-ratelimit-limit": String(limit.limit),
      "x-ratelimit-remaining": String(limit.limit - window.used),
      "x-ratelimit-reset": (window.resetAt / 1000).toFixed(3),
      "x-ratelimit-reset-after": left.toFixed(3),
      "x-ratelimit-bucket": createHash("md5").update(bucket).digest("hex")
    }
    return exceeded ? { headers, refused: { scope: "user", seconds: left } } : { headers }
  }

  takeWebhookOfChannel(channelId: string): Refused | undefined {
    if (!this.options.on) return undefined
    const { exceeded, window } = this.#window(`webhooks of ${channelId}`, webhooksOfAChannel)
    return exceeded ? { scope: "shared", seconds: this.#secondsLeft(window) } : undefined
  }
}
