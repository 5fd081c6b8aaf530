/**
 * Lanes whose records are handled several at once and handed on in their order: who is done early waits for those before
 * it. Keys take turns. Mutable, no effects.
 */
import type { Lanes } from "./Lanes.ts"

interface Lane<A> {
  readonly key: string
  /** Not handed on yet, in the order they were added. */
  readonly places: Array<Place<A>>
}

interface Place<A> {
  readonly item: A
  readonly lane: Lane<A>
  state: "waiting" | "out" | "done"
}

/** Of a key, only the first `width` that are not handed on are handed out, each alone. */
export const make = <A>(width: number): Lanes<A> => {
  const lanes = new Map<string, Lane<A>>()
  /** Lanes with something to hand out; insertion order is the order of service. */
  const ready = new Set<Lane<A>>()
  const places = new Map<A, Place<A>>()

  const next = ({ places }: Lane<A>) => places.slice(0, width).find(({ state }) => state === "waiting")

  const serve = (lane: Lane<A>) => {
    if (next(lane) === undefined) ready.delete(lane)
    else ready.add(lane)
    if (lane.places.length === 0) lanes.delete(lane.key)
  }

  const putBack = (items: ReadonlyArray<A>) => {
    for (const item of items) {
      const place = places.get(item)!
      place.state = "waiting"
      serve(place.lane)
    }
  }

  return {
    hasReady: () => ready.size > 0,
    isNext: (item) => {
      const place = places.get(item)
      return place !== undefined && place.lane.places[0] === place
    },
    add(key, item) {
      const lane = lanes.get(key) ?? { key, places: [] }
      lanes.set(key, lane)
      const place: Place<A> = { item, lane, state: "waiting" }
      lane.places.push(place)
      places.set(item, place)
      serve(lane)
    },
    take() {
      const [lane] = ready
      if (lane === undefined) return { items: [], parts: [] }
      const place = next(lane)!
      place.state = "out"
      ready.delete(lane)
      serve(lane)
      return { items: [place.item], parts: [] }
    },
    finished({ items }) {
      const handedOn: Array<A> = []
      for (const item of items) {
        const place = places.get(item)!
        place.state = "done"
        const { lane } = place
        while (lane.places[0]?.state === "done") {
          const { item } = lane.places.shift()!
          places.delete(item)
          handedOn.push(item)
        }
        serve(lane)
      }
      return handedOn
    },
    putBack: ({ items }) => putBack(items),
    putBackWhole: ({ items }) => putBack(items)
  }
}
