/** A draft is read while it is written, and never says more than is there. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse, read } from "../../src/domain/Claims.ts"

const claims = [
  { text: 'One "quoted" {brace}, and [bracket].', passage: 1, quote: "a \\ b } ] ," },
  { text: "Two.", passage: 2, quote: "zwei — два" }
]
const draft = { verdict: "answered", certainty: 0.75, sentences: claims } as const
const json = JSON.stringify(draft)

describe("reading", () => {
  it("finds the decision first, then each sentence once it is whole", () => {
    for (let i = 0; i <= json.length; i++) {
      const reading = read(json.slice(0, i))
      if (reading.verdict !== undefined) assert.strictEqual(reading.verdict, "answered")
      if (reading.certainty !== undefined) assert.strictEqual(reading.certainty, 0.75)
      assert.deepStrictEqual(reading.claims, claims.slice(0, reading.claims.length))
      if (reading.claims.length > 0) assert.strictEqual(reading.certainty, 0.75)
    }
    assert.deepStrictEqual(read(json), { verdict: "answered", certainty: 0.75, claims })
  })

  it("knows the decision before the rest is there", () => {
    assert.deepStrictEqual(read('{"verdict":"unanswered","certai'), { verdict: "unanswered", claims: [] })
  })

  it("leaves out what is not well-formed", () => {
    const odd = `{"verdict":"answered","sentences":[{"text":1},{"text":"x","passage":"1","quote":""},${JSON.stringify(claims[1])}]}`
    assert.deepStrictEqual(read(odd).claims, [claims[1]!])
    assert.isUndefined(parse(odd))
  })

  it.prop("any text is read without harm", [Schema.String], ([text]) => {
    assert.isArray(read(text).claims)
    assert.isArray(read(`{"verdict":"answered",${text}`).claims)
  })
})

it("a whole draft is parsed, and nothing else is", () => {
  assert.deepStrictEqual(parse(json), draft)
  for (const text of ["", "null", "[]", json.slice(0, -1), '{"verdict":"maybe","certainty":1,"sentences":[]}'])
    assert.isUndefined(parse(text), text)
})
