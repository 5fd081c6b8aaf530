/** Files in memory keep the contract. */
import { layerMemory } from "../../src/files/FileStore.ts"
import { suite } from "../contract/FileStore.ts"

suite("memory", layerMemory)
