/** What goes wrong on purpose: in the next requests of a route, or in some of them by chance. */

/** `after` means that the request had its effect before it went wrong. */
export type Fault =
  | {
      readonly kind: "limited"
      readonly scope: "user" | "global" | "shared" | "cloudflare"
      readonly seconds: number
      readonly headers?: boolean
    }
  /** `body` is JSON. */
  | { readonly kind: "status"; readonly status: number; readonly after?: boolean; readonly body?: string }
  | { readonly kind: "cut"; readonly after?: boolean }
  | { readonly kind: "hang"; readonly after?: boolean }

/** A 429; without `headers` only the body and Retry-After say how long, as with limits that are not announced. */
export const limited = (
  scope: "user" | "global" | "shared" | "cloudflare" = "user",
  seconds = 0.5,
  headers = true
): Fault => ({ kind: "limited", scope, seconds, headers })

/** A status of the edge or the API, such as 502. */
export const status = (code: number): Fault => ({ kind: "status", status: code })

/** It took effect, and then the answer was a 502. */
export const lostBehind502: Fault = { kind: "status", status: 502, after: true }

/** The connection is cut before anything happened. */
export const cut: Fault = { kind: "cut" }

/** It took effect, and then the connection was cut. */
export const lost: Fault = { kind: "cut", after: true }

/** It is never answered. */
export const hang: Fault = { kind: "hang" }

/** It took effect and is never answered. */
export const hangAfter: Fault = { kind: "hang", after: true }

interface Planned {
  readonly route: string
  readonly fault: Fault
  /** How many are left, for those that are planned by number. */
  left: number
  readonly probability: number
}

/** The same numbers from the same seed (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

export class Faults {
  #planned: Array<Planned> = []
  readonly #random: () => number
  /** How often each kind of fault happened, by route and kind. */
  readonly happened = new Map<string, number>()

  constructor(seed: number) {
    this.#random = random(seed)
  }

  /** The next `count` requests of the route go wrong; `*` is every route. */
  next = (route: string, fault: Fault, count = 1): void => {
    this.#planned.push({ route, fault, left: count, probability: 1 })
  }

  /** Each request of the route goes wrong with this probability, until `clear`. */
  often = (route: string, fault: Fault, probability: number): void => {
    this.#planned.push({ route, fault, left: Infinity, probability })
  }

  clear = (): void => {
    this.#planned = []
  }

  /** What happens to this request, if anything. */
  take = (route: string): Fault | undefined => {
    const planned = this.#planned.find(
      (one) =>
        (one.route === route || one.route === "*") &&
        one.left > 0 &&
        (one.probability === 1 || this.#random() < one.probability)
    )
    if (planned === undefined) return undefined
    planned.left--
    const name = `${route} ${planned.fault.kind}`
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1)
    return planned.fault
  }
}
