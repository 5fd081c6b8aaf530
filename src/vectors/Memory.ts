/** Vectors in memory, compared with every row: exact, and lost at the end of the process. */
import { Clock, Effect, Layer } from "effect"
import { metered } from "./Metered.ts"
import { checkDimensions, checkRows, checkVector } from "./Rows.ts"
import { type Metadata, type VectorHit, type VectorRow, VectorStore, type Where } from "./VectorStore.ts"

/** Rows side by side in one block of numbers, so that a query reads memory in order. */
class Collection {
  readonly dimensions: number
  readonly #slots = new Map<string, number>()
  readonly #ids: Array<string> = []
  readonly #metadata: Array<Metadata> = []
  #vectors: Float32Array

  constructor(dimensions: number) {
    this.dimensions = dimensions
    this.#vectors = new Float32Array(64 * dimensions)
  }

  get size(): number {
    return this.#ids.length
  }

  put(row: VectorRow): void {
    const slot = this.#slots.get(row.id) ?? this.#append(row.id)
    this.#metadata[slot] = { ...row.metadata }
    this.#vectors.set(unit(row.vector), slot * this.dimensions)
  }

  /** The last row takes the place of the one that leaves. */
  remove(id: string): void {
    const slot = this.#slots.get(id)
    if (slot === undefined) return
    const last = this.size - 1
    const lastId = this.#ids[last]!
    this.#vectors.copyWithin(slot * this.dimensions, last * this.dimensions, (last + 1) * this.dimensions)
    this.#ids[slot] = lastId
    this.#metadata[slot] = this.#metadata[last]!
    this.#slots.set(lastId, slot)
    this.#slots.delete(id)
    this.#ids.pop()
    this.#metadata.pop()
  }

  nearest(vector: Float32Array, k: number, where: Where): ReadonlyArray<VectorHit> {
    const question = unit(vector)
    const allowed = matcher(where)
    const best: Array<{ readonly slot: number; readonly cosine: number }> = []
    for (let slot = 0; slot < this.size; slot++) {
      if (!allowed(this.#metadata[slot]!)) continue
      const cosine = dot(question, this.#vectors, slot * this.dimensions)
      if (best.length === k && cosine <= best[k - 1]!.cosine) continue
      if (best.length === k) best.pop()
      let at = best.length
      while (at > 0 && best[at - 1]!.cosine < cosine) at--
      best.splice(at, 0, { slot, cosine })
    }
    return best.map(({ slot, cosine }) => ({ id: this.#ids[slot]!, cosine, metadata: this.#metadata[slot]! }))
  }

  #append(id: string): number {
    const slot = this.#ids.push(id) - 1
    this.#slots.set(id, slot)
    if (this.#vectors.length < this.size * this.dimensions) {
      const grown = new Float32Array(this.#vectors.length * 2)
      grown.set(this.#vectors)
      this.#vectors = grown
    }
    return slot
  }
}

/** The dot product of a question with the row that begins at `start`. */
const dot = (question: Float32Array, vectors: Float32Array, start: number): number => {
  let sum = 0
  for (let i = 0; i < question.length; i++) sum += question[i]! * vectors[start + i]!
  return sum
}

/** Of unit length; a vector of zeros stays, and is near to nothing. */
const unit = (vector: Float32Array): Float32Array => {
  const length = Math.sqrt(dot(vector, vector, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}

const matcher = (where: Where): ((metadata: Metadata) => boolean) => {
  const fields = Object.entries(where).map(([field, values]) => [field, new Set<unknown>(values)] as const)
  return (metadata) => fields.every(([field, values]) => values.has(metadata[field]))
}

export const make = Effect.gen(function* () {
  const collections = new Map<string, Collection>()
  const since = yield* Clock.currentTimeMillis

  const upsert: VectorStore["Service"]["upsert"] = Effect.fn("VectorStore.upsert")(function* (name, rows) {
    yield* checkRows(name, rows)
    const [first] = rows
    if (first === undefined) return
    const collection = collections.get(name) ?? new Collection(first.vector.length)
    const problem = checkDimensions(name, `Row ${first.id}`, first.vector, collection.dimensions)
    if (problem !== undefined) return yield* problem
    collections.set(name, collection)
    for (const row of rows) collection.put(row)
  })

  const query: VectorStore["Service"]["query"] = Effect.fn("VectorStore.query")(function* (
    name,
    vector,
    k,
    where = {}
  ) {
    const collection = collections.get(name)
    const problem =
      checkVector(name, "The question", vector) ??
      checkDimensions(name, "The question", vector, collection?.dimensions ?? vector.length)
    if (problem !== undefined) return yield* problem
    return collection === undefined || k < 1 ? [] : collection.nearest(vector, k, where)
  })

  return VectorStore.of({
    upsert,
    query,
    delete: (name, ids) => Effect.sync(() => ids.forEach((id) => collections.get(name)?.remove(id))),
    count: (name) => Effect.sync(() => collections.get(name)?.size ?? 0),
    collections: Effect.sync(() => [...collections.keys()]),
    dropCollection: (name) => Effect.sync(() => void collections.delete(name)),
    status: Effect.succeed({
      kind: "memory",
      state: "up",
      since,
      restarts: 0,
      pid: null,
      detail: "Vectors are kept in memory and are computed anew at each start.",
      breaker: "closed"
    })
  })
})

export const layerMemory = Layer.effect(VectorStore, Effect.flatMap(make, metered))
