/** Templates fill in values and nothing else: no code, no pings, no properties of what every object has. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Template from "../../src/domain/Template.ts"

const fill = (text: string, value: unknown, root = value) =>
  Template.toMarkdown(Result.getOrThrow(Template.parse(text)), { root, value })

describe("a template", () => {
  it("fills in names, numbers, lists and quoted names", () => {
    const value = { a: { b: [1, { c: "x" }] }, "my key": true, list: ["p", "q"], labels: [{ name: "bug" }] }
    assert.strictEqual(fill(`{a.b[0]} {a.b[1].c} {["my key"]} {list}`, value), "1 x true p, q")
    assert.strictEqual(fill("{labels}", value), String.raw`\[{"name":"bug"}\]`)
    assert.strictEqual(fill("{$.x} {y}", { y: 2 }, { x: 1 }), "1 2")
    assert.strictEqual(fill("{{literal}}", {}), "{literal}")
  })

  it("says otherwise, and says nothing when it has nothing", () => {
    assert.strictEqual(fill("{a|none of it} {b}", { b: "" }), "none of it ")
    assert.isUndefined(fill("by {a}", {}))
    assert.strictEqual(fill("just words", {}), "just words")
  })

  it("reaches only what the record itself has", () => {
    for (const path of ["constructor", "__proto__", "a.length", "toString", "a.constructor.name"]) {
      assert.isUndefined(fill(`{${path}}`, { a: "text" }), path)
    }
  })

  it("says what is wrong", () => {
    for (const wrong of ["{a", "a}", "{}", "{a b}", "{a..b}", "{a[b]}", "{a[0}", "{a()}", "{a+1}", "{`x`}"]) {
      assert.isTrue(Result.isFailure(Template.parse(wrong)), wrong)
    }
  })

  it.prop("never fails and never pings, whatever the record holds", [Schema.Json, Schema.String], ([value, text]) => {
    const result = Template.parse(text)
    if (Result.isSuccess(result)) Template.toMarkdown(result.success, { root: value, value })
    const filled = fill("{a}", { a: `${text}@everyone<@1>` })!
    assert.notInclude(filled, "@everyone")
    assert.notMatch(filled, /(?<!\\)<@1/)
  })
})
