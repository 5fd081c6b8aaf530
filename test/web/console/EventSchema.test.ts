/** Forms of events: which fields their schemas make, and what was typed as data again. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { kinds, machineCreated, requestCreated } from "../../../src/events/Catalog.ts"
import { dataOf, fieldsOf, problemsOf, typedOf } from "../../../src/web/console/EventSchema.ts"

const fields = (kind: { readonly data: Schema.Top }) =>
  fieldsOf(Schema.toJsonSchemaDocument(kind.data).schema as object)

describe("the form of an event", () => {
  it("has a field for each datum, named after what it is part of, with its limits", () => {
    assert.deepStrictEqual(
      fields(requestCreated).map(({ label, most, required, type }) => [label, type, required, most]),
      [
        ["Customer name", "text", true, 100],
        ["Customer email", "text", false, undefined],
        ["Drink", "text", true, 100],
        ["Machine id", "text", true, undefined],
        ["Machine name", "text", true, 100],
        ["Machine location", "text", true, 200],
        ["Amount", "number", true, undefined]
      ]
    )
    assert.deepInclude(fields(machineCreated).at(-1), { label: "Drinks", type: "list" })
  })

  it("gives back the data of every kind as it was", () => {
    for (const kind of kinds) {
      const all = fields(kind)
      assert.deepStrictEqual<unknown>(dataOf(all, typedOf(all, kind.sample.data)), kind.sample.data)
    }
  })

  it("leaves out what is empty and not needed, and hands on what is no number", () => {
    const data = dataOf(fields(requestCreated), { drink: "Tea", amount: "two", "customer.email": " " })
    assert.deepInclude(data, { drink: "Tea", amount: "two" })
    assert.deepStrictEqual((data as any).customer, { name: "" })
    assert.deepInclude(dataOf(fields(requestCreated), { amount: " 2,50 " }), { amount: 2.5 })
  })

  it("says what is wrong beside its field, also of an element of a list", () => {
    const errors = new Map([
      ["amount", "Expected a number"],
      ["drink", "Expected some text"],
      ["drinks.1", "Expected some text"]
    ])
    const problems = (kind: { readonly data: Schema.Top }, typed: Record<string, string>) =>
      problemsOf(fields(kind), typed, errors, "Needed")
    assert.deepStrictEqual(problems(requestCreated, { amount: "two" }), {
      amount: "Expected a number",
      drink: "Needed"
    })
    assert.deepStrictEqual(problems(machineCreated, { drinks: "a\nb" }), { drinks: "Expected some text" })
  })
})
