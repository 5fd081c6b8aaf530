/** Each signal lifts a chunk, and a missing vector does not sink one. */
import { assert, describe, it } from "@effect/vitest"
import {
  type Candidate,
  coverage,
  nearness,
  rank,
  raritiesOf,
  type Searched,
  textToEmbed
} from "../../src/domain/Retrieval.ts"
import { termsOf } from "../../src/domain/Terms.ts"

const terms = termsOf("How is the retention of a topic configured?")
const rarities = raritiesOf(
  terms,
  100,
  new Map([
    ["retention", 2],
    ["topic", 40],
    ["configured", 10]
  ])
)
const words: Searched = { terms, rarities, cosines: null, farthest: { document: null, chat: null } }

const candidate = (id: string, text: string, more: Partial<Candidate> = {}): Candidate & { readonly id: string } => ({
  id,
  kind: "document",
  title: "",
  text,
  passages: [{ id: `${id}.0`, text }],
  textScore: 1,
  ...more
})
const order = (searched: Searched, ...candidates: ReadonlyArray<ReturnType<typeof candidate>>) =>
  rank(searched, candidates).map(({ candidate }) => candidate.id)

describe("rarities", () => {
  it("a rare word tells more, an unknown one most", () => {
    assert.isAbove(rarities.get("retent")!, rarities.get("topic")!)
    const unknown = raritiesOf(termsOf("zebra"), 100, new Map())
    assert.isAbove(unknown.get("zebra")!, rarities.get("retent")!)
  })

  it("coverage is the share of what the terms tell", () => {
    assert.strictEqual(coverage(rarities, new Set(terms.stems)), 1)
    assert.strictEqual(coverage(rarities, new Set()), 0)
    assert.isAbove(coverage(rarities, new Set(["retent"])), coverage(rarities, new Set(["topic"])))
    assert.strictEqual(coverage(new Map(), new Set(["a"])), 0)
  })
})

describe("nearness", () => {
  const at = (...places: ReadonlyArray<readonly [string, number]>) =>
    nearness(
      rarities,
      places.map(([stem, at]) => ({ stem, at }))
    )

  it("is what a dozen words have of the terms", () => {
    const both = coverage(rarities, new Set(["retent", "topic"]))
    assert.strictEqual(at(["retent", 1], ["topic", 12]), both)
    assert.strictEqual(at(["retent", 1], ["topic", 13]), 0)
    assert.strictEqual(at(["topic", 1], ["retent", 40], ["topic", 50]), both)
  })

  it("is nothing for one term alone, however often it stands there", () => {
    assert.strictEqual(at(["retent", 1], ["retent", 2]), 0)
  })
})

describe("rank", () => {
  it("more of the question's words come first", () => {
    assert.deepStrictEqual(order(words, candidate("few", "a topic"), candidate("many", "retention of a topic")), [
      "many",
      "few"
    ])
  })

  it("neighbours of the question that stand together come first", () => {
    const together = candidate("together", "the retention of a topic here is configured")
    assert.deepStrictEqual(order(words, candidate("apart", "topic here: retention. Configured"), together), [
      "together",
      "apart"
    ])
  })

  it("a title that has the words comes first, in documents only", () => {
    const titled = candidate("titled", "text", { title: "Retention" })
    const plain = candidate("plain", "retention text")
    assert.deepStrictEqual(order(words, plain, titled), ["titled", "plain"])
    const chat = { ...titled, kind: "chat" as const }
    assert.strictEqual(rank(words, [chat])[0]!.signals.title, 0)
  })

  it("a better text score comes first", () => {
    assert.deepStrictEqual(
      order(words, candidate("worse", "topic", { textScore: 2 }), candidate("better", "topic", { textScore: 5 })),
      ["better", "worse"]
    )
  })

  it("a nearer vector comes first", () => {
    const searched = {
      ...words,
      cosines: new Map([
        ["near.0", 0.8],
        ["far.0", 0.2]
      ])
    }
    assert.deepStrictEqual(order(searched, candidate("far", "same"), candidate("near", "same")), ["near", "far"])
  })

  it("what has no vector yet is ranked by its words, among those that have one", () => {
    const searched = {
      ...words,
      cosines: new Map([
        ["far.0", 0.2],
        ["near.0", 0.9]
      ])
    }
    const late = candidate("late", "retention of a topic is configured so", { title: "Retention", textScore: 5 })
    const ranked = rank(searched, [candidate("far", "other"), candidate("near", "a topic"), late])
    assert.deepStrictEqual(
      ranked.map(({ candidate, vectors }) => [candidate.id, vectors]),
      [
        ["late", false],
        ["near", true],
        ["far", true]
      ]
    )
  })

  it("the one that has the word asked for, and no vector yet, comes before one that is only near", () => {
    const asked = termsOf("zq0x0")
    const searched: Searched = {
      terms: asked,
      rarities: raritiesOf(asked, 100, new Map([["zq0x0", 1]])),
      cosines: new Map([["near.0", 0.4]]),
      farthest: { document: null, chat: null }
    }
    for (const kind of ["document", "chat"] as const) {
      const near = candidate("near", "The code of locker 7 is zq7x6.", { kind, textScore: 0 })
      const exact = candidate("exact", "The code of locker 0 is zq0x0.", { kind })
      assert.deepStrictEqual(order(searched, near, exact), ["exact", "near"])
    }
  })

  it("what is not among the nearest counts as far as the farthest of them", () => {
    const searched = {
      ...words,
      cosines: new Map([["near.0", 0.9]]),
      farthest: { document: 0.3, chat: null }
    }
    const [first, second] = rank(searched, [candidate("unlisted", "same"), candidate("near", "same")])
    assert.strictEqual(first!.candidate.id, "near")
    assert.strictEqual(second!.signals.cosine, 0.3)
    assert.isTrue(second!.vectors)
  })

  it("the best message stands for a window, the whole window for its words", () => {
    const window = candidate("window", "retention?\nof a topic\nis configured", {
      kind: "chat",
      passages: ["retention?", "of a topic", "is configured"].map((text, i) => ({ id: `m${i}`, text }))
    })
    const searched = {
      ...words,
      cosines: new Map([
        ["m0", 0.2],
        ["m2", 0.7]
      ])
    }
    const [found] = rank(searched, [window])
    assert.strictEqual(found!.bestPassageId, "m2")
    assert.strictEqual(found!.signals.cosine, 0.7)
    assert.strictEqual(found!.signals.coverage, 1)
  })

  it("leaves out what has no passages", () => {
    assert.deepStrictEqual(rank(words, [candidate("empty", "", { passages: [] })]), [])
  })
})

it("a section is embedded under its title, a message as it is", () => {
  assert.strictEqual(textToEmbed({ kind: "document", title: "Title", text: "Text" }), "Title. Text")
  assert.strictEqual(textToEmbed({ kind: "document", title: "", text: "Text" }), "Text")
  assert.strictEqual(textToEmbed({ kind: "chat", title: "Ada", text: "Text" }), "Text")
})
