/** What every vector store asks of rows and vectors before it takes them. */
import { Effect } from "effect"
import { VectorStoreError, type VectorRow } from "./VectorStore.ts"

export const invalid = (detail: string) => new VectorStoreError({ reason: "invalid", detail })

const isFinite = (vector: Float32Array): boolean => {
  for (const value of vector) if (!Number.isFinite(value)) return false
  return true
}

export const checkVector = (collection: string, what: string, vector: Float32Array) =>
  vector.length === 0 || !isFinite(vector)
    ? invalid(`${what} for ${collection} is not a vector of finite numbers.`)
    : undefined

export const checkDimensions = (collection: string, what: string, vector: Float32Array, dimensions: number) =>
  vector.length === dimensions
    ? undefined
    : invalid(`${what} has ${vector.length} dimensions; ${collection} has ${dimensions}.`)

/** Each row has an id and a vector of finite numbers, all of the same dimensions. */
export const checkRows = (
  collection: string,
  rows: ReadonlyArray<VectorRow>
): Effect.Effect<void, VectorStoreError> => {
  for (const { id, vector } of rows) {
    if (id === "") return Effect.fail(invalid(`A row for ${collection} has no id.`))
    const problem =
      checkVector(collection, `Row ${id}`, vector) ??
      checkDimensions(collection, `Row ${id}`, vector, rows[0]!.vector.length)
    if (problem !== undefined) return Effect.fail(problem)
  }
  return Effect.void
}
