/** The way of a record as steps, each at its time. */
import { describe, expect, it } from "vitest"
import type { Visit } from "../../../src/domain/Way.ts"
import { journeyOf } from "../../../src/web/console/Way.ts"

const visit = (actor: string | null, topic: string, offset: number, at: number, more: Partial<Visit> = {}): Visit => ({
  actor,
  topic,
  partition: 0,
  offset,
  key: "k",
  appendedAt: at,
  takenAt: actor === null ? null : at + 1,
  attempts: actor === null ? [] : [{ startedAt: at + 1, endedAt: at + 3, error: null, nextAt: null }],
  outputs: [],
  committedAt: actor === null ? null : at + 5,
  deadLetter: null,
  ...more
})

const shape = (visits: ReadonlyArray<Visit>, said: { at: number } | null = { at: 100 }) =>
  journeyOf({ said, visits }).steps.map((step) => {
    if (step.type === "record") return `${step.at} record ${step.place.topic}@${step.place.offset}`
    if (step.type === "actor") return `${step.at} ${step.name} ${step.took ?? "…"}`
    return `${step.at} commit ${[...step.outputs.map(({ place }) => `${place.topic}@${place.offset}`), ...step.topics]}`
  })

describe("journeyOf", () => {
  it("draws what was done afterwards with what an actor wrote", () => {
    const later = [{ actor: "vectorizer", startedAt: 110, endedAt: 140 }]
    expect(shape([visit("indexer", "messages", 1, 102, { later })])).toEqual([
      "0 listener 2",
      "2 record messages@1",
      "3 indexer 2",
      "5 commit ",
      "10 vectorizer 30"
    ])
  })

  it("draws what an actor writes inside its transaction, and nothing twice", () => {
    const visits = [
      visit("answerer", "queries", 7, 102, { outputs: ["responses"] }),
      visit("speaker", "responses", 3, 107)
    ]
    expect(shape(visits)).toEqual([
      "0 listener 2",
      "2 record queries@7",
      "3 answerer 2",
      "5 commit responses@3",
      "8 speaker 2",
      "10 commit "
    ])
    expect(journeyOf({ said: { at: 100 }, visits })).toMatchObject({ outcome: "done", total: 12 })
  })

  it("draws a record once that several actors read", () => {
    expect(shape([visit("indexer", "messages", 1, 102), visit("retractor", "messages", 1, 102)], null)).toEqual([
      "0 record messages@1",
      "1 indexer 2",
      "3 commit ",
      "1 retractor 2",
      "3 commit "
    ])
  })

  it("is under way while something is in hand, and dead when a dead letter came of it", () => {
    const working = visit("answerer", "queries", 7, 102, {
      attempts: [{ startedAt: 103, endedAt: null, error: null, nextAt: null }],
      committedAt: null
    })
    expect(shape([working])).toEqual(["0 listener 2", "2 record queries@7", "3 answerer …"])
    expect(journeyOf({ said: null, visits: [working] }).outcome).toBe("underway")
    expect(journeyOf({ said: { at: 1 }, visits: [] })).toMatchObject({ outcome: "underway", steps: [], total: 0 })
    const dead = visit("speaker", "responses", 3, 102, {
      outputs: ["responses.dlq"],
      deadLetter: { reason: "rejected", error: "no" }
    })
    expect(journeyOf({ said: null, visits: [dead] }).outcome).toBe("dead")
    expect(shape([dead], null).at(-1)).toBe("3 commit responses.dlq")
  })

  it("shows what only the log tells as records alone", () => {
    const visits = [visit(null, "messages", 1, 102), visit(null, "queries", 4, 102)]
    expect(shape(visits)).toEqual(["0 listener 2", "2 record messages@1", "2 record queries@4"])
    expect(journeyOf({ said: { at: 100 }, visits }).outcome).toBe("done")
  })
})
