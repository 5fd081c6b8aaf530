/** A real Chroma server of our own keeps the contract. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer } from "effect"
import { layerFolder } from "../../src/vectors/Chroma.ts"
import { suite } from "../contract/VectorStore.ts"

const inTemporaryFolder = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  return layerFolder({ folder: yield* files.makeTempDirectoryScoped() })
})

suite("our own Chroma server", Layer.unwrap(inTemporaryFolder).pipe(Layer.provide(NodeServices.layer)))
