/** What is said of a process in trouble. */
import { assert, describe, it } from "@effect/vitest"
import type { PartStatus } from "../../src/domain/Happening.ts"
import { reasons, type Situation, summary } from "../../src/web/Readiness.ts"

const fine: Situation = { stopping: false, failing: [], parts: [] }
const part = (name: PartStatus["name"], up: boolean): PartStatus => ({
  name,
  kind: "embedded",
  up,
  detail: "secret path"
})

describe("Readiness", () => {
  it("is lost when the process stops, actors keep failing, or the broker or the state is down", () => {
    assert.deepStrictEqual(reasons(fine), [])
    assert.deepStrictEqual(reasons({ ...fine, parts: [part("broker", true), part("state", true)] }), [])
    assert.deepStrictEqual(
      reasons({
        stopping: true,
        failing: ["indexer"],
        parts: [part("broker", false), part("state", false), part("vectors", false)]
      }),
      ["the process is stopping", "indexer keeps failing", "the broker is down", "the state is down"]
    )
  })

  it("is kept when something stands in for what is down, and the summary says what", () => {
    const situation = { ...fine, parts: [part("vectors", false), part("writer", false), part("chat", false)] }
    assert.deepStrictEqual(reasons(situation), [])
    assert.strictEqual(
      summary(situation, 1),
      "Ready; text search stands in for vectors; quotes stand in for the writer; the chat is down; 1 passage waits for a vector."
    )
  })

  it("is one sentence", () => {
    assert.strictEqual(summary(fine, 0), "Everything works.")
    assert.strictEqual(summary(fine, 12), "Ready; 12 passages wait for a vector.")
    assert.strictEqual(summary({ ...fine, failing: ["speaker"] }, 12), "Not ready: speaker keeps failing.")
  })
})
