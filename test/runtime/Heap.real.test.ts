/** The space for new objects, in a process of its own: as large as is worth it after work, also when V8 had taken it back. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"
import { enough } from "../../src/runtime/Heap.ts"

it("has enough room for new objects, and not much more, whenever there is work", () => {
  const child = join(import.meta.dirname, "../fixtures/heapChild.ts")
  const output = execFileSync(process.execPath, ["--expose-gc", child], { encoding: "utf8" })
  const [idle, busy, idleAgain, busyAgain] = JSON.parse(output) as [number, number, number, number]
  for (const size of [idle, idleAgain]) expect(size).toBeLessThan(enough)
  for (const size of [busy, busyAgain]) {
    expect(size).toBeGreaterThanOrEqual(enough)
    expect(size).toBeLessThanOrEqual(2 * enough)
  }
})
