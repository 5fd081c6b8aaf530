/** A program that keeps vectors in a folder until it is killed: `upsertingParent FOLDER NAME` prints each acknowledged id. */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { layerFolder } from "../../src/vectors/Chroma.ts"
import { VectorStore } from "../../src/vectors/VectorStore.ts"
import { vectorOf } from "./vectorOf.ts"

const [folder = "", name = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const vectors = yield* VectorStore
  for (let i = 0; ; i++) {
    const id = `${name}-${i}`
    yield* vectors.upsert("kept", [{ id, vector: vectorOf(id), metadata: { by: name } }])
    yield* Console.log(id)
  }
})

program.pipe(Effect.provide(layerFolder({ folder })), NodeRuntime.runMain)
