/** The vectors in memory keep the contract. */
import { layerMemory } from "../../src/vectors/Memory.ts"
import { suite } from "../contract/VectorStore.ts"

suite("memory", layerMemory)
