/** Which records may be handled now: order is kept per key, and a key that waits holds up no other. Mutable, no effects. */

interface Lane<A> {
  readonly key: string
  readonly items: Array<A>
  /** So many items at the front are handed out one by one: a batch with them failed. */
  alone: number
}

/** Items handed out together. Their keys hand out nothing else until the batch is finished or put back. */
export interface Batch<A> {
  readonly items: ReadonlyArray<A>
  readonly parts: ReadonlyArray<{ readonly lane: Lane<A>; readonly count: number }>
}

export interface Lanes<A> {
  /** Adds an item behind those of its key. */
  add(key: string, item: A): void
  readonly hasReady: () => boolean
  /** Up to `most` items that are next, oldest key first, or of the oldest key alone; empty when no key is ready. */
  take(most: number, oneKey?: boolean): Batch<A>
  /** The items are done; what comes after them in their keys may go on. Returns what may be handed on by now, in order. */
  finished(batch: Batch<A>): ReadonlyArray<A>
  /** The items are next again, one by one. */
  putBack(batch: Batch<A>): void
  /** The items are next again, together. */
  putBackWhole(batch: Batch<A>): void
  /** Whether nothing of its key is to be handed on before this item, which was handed out. */
  isNext(item: A): boolean
}

export const make = <A>(): Lanes<A> => {
  const lanes = new Map<string, Lane<A>>()
  /** Lanes with something to do that nobody has; insertion order is the order of service. */
  const ready = new Set<Lane<A>>()

  const serve = (lane: Lane<A>) => {
    if (lane.items.length > 0) ready.add(lane)
    else lanes.delete(lane.key)
  }

  return {
    hasReady: () => ready.size > 0,
    add(key, item) {
      const lane = lanes.get(key)
      if (lane !== undefined) {
        lane.items.push(item)
        return
      }
      const fresh: Lane<A> = { key, items: [item], alone: 0 }
      lanes.set(key, fresh)
      ready.add(fresh)
    },
    take(most, oneKey = false) {
      const items: Array<A> = []
      const parts: Array<{ lane: Lane<A>; count: number }> = []
      for (const lane of ready) {
        if (items.length === most || (lane.alone > 0 && items.length > 0)) break
        ready.delete(lane)
        const count = lane.alone > 0 ? 1 : Math.min(most - items.length, lane.items.length)
        for (let i = 0; i < count; i++) items.push(lane.items[i]!)
        parts.push({ lane, count })
        if (lane.alone > 0 || oneKey) break
      }
      return { items, parts }
    },
    finished(batch) {
      for (const { count, lane } of batch.parts) {
        lane.items.splice(0, count)
        lane.alone = Math.max(0, lane.alone - count)
        serve(lane)
      }
      return batch.items
    },
    putBack(batch) {
      for (const { count, lane } of batch.parts) {
        lane.alone = Math.max(lane.alone, count)
        serve(lane)
      }
    },
    putBackWhole(batch) {
      for (const { lane } of batch.parts) serve(lane)
    },
    isNext: () => true
  }
}
