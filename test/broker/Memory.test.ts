/** The contract in memory. */
import { layerMemory } from "../../src/broker/Memory.ts"
import { suite } from "../contract/Broker.ts"

suite("memory broker", layerMemory)
