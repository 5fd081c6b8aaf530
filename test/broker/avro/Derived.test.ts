/** Every topic's values survive Avro, and what may change is read. */
import { assert, describe, it } from "@effect/vitest"
import avro from "avsc"
import { Arbitrary, Effect, Schema } from "effect"
import { differences } from "../../../src/broker/avro/Compatible.ts"
import { type Derived, fromSchema } from "../../../src/broker/avro/Derived.ts"
import * as Topics from "../../../src/domain/Topics.ts"

const typed = Topics.all.flatMap((topic) => ("schema" in topic ? [topic as Topics.Topic<unknown>] : []))

const typeOf = ({ avro: schema }: Derived) => avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true })

const through = (derived: Derived, json: unknown): unknown => {
  const type = typeOf(derived)
  return derived.read(type.fromBuffer(type.toBuffer(derived.write(json))))
}

const wellFormed = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json), (_, value) => (typeof value === "string" ? value.toWellFormed() : value))

const struct = <F extends Schema.Struct.Fields>(fields: F) => fromSchema("things", Schema.Struct(fields))
const json = (derived: Derived) => JSON.parse(JSON.stringify(derived.avro))

describe("Avro derived from a schema", () => {
  it("is there for every topic of ours with values of its own", () => {
    assert.isAtLeast(typed.length, 4)
  })

  for (const topic of typed) {
    const derived = fromSchema(topic.name, topic.schema)
    const values = Arbitrary.schema(topic.schema as Schema.Codec<unknown>)
    it.effect.prop(
      `keeps every value of ${topic.name} as it was`,
      { value: values },
      ({ value }) =>
        Effect.sync(() => {
          const json = JSON.parse(new TextDecoder().decode(topic.encode(value)))
          assert.isTrue(derived.fits(json))
          assert.deepStrictEqual(through(derived, json), wellFormed(json))
        }),
      { arbitrary: { runs: 50 } }
    )
  }

  it("tells absent from null, and the members of a union apart", () => {
    const derived = struct({
      maybe: Schema.optionalKey(Schema.String),
      both: Schema.optionalKey(Schema.NullOr(Schema.String)),
      one: Schema.Union([
        Schema.Struct({ type: Schema.Literal("a"), n: Schema.Int }),
        Schema.Struct({ type: Schema.Literal("b"), n: Schema.Finite }),
        Schema.Struct({ m: Schema.Record(Schema.String, Schema.Array(Schema.Boolean)) })
      ]),
      any: Schema.Unknown
    })
    const one = { type: "a", n: 5 }
    const values = [
      { one, any: null },
      { one: { type: "b", n: 0.5 }, both: null, any: { x: [1] } },
      { one: { m: { x: [true] } }, both: "text", maybe: "", any: "text" }
    ]
    for (const value of values) assert.deepStrictEqual(through(derived, value), value)
    const missing = { one: { type: "c" }, any: 1 }
    assert.isFalse(derived.fits(missing))
  })

  it("refuses what Avro cannot say", () => {
    assert.throws(() => struct({ pair: Schema.Tuple([Schema.String, Schema.Int]) }), /ThingsPair/)
    const twice = Schema.Union([Schema.Array(Schema.String), Schema.Array(Schema.Int)])
    assert.throws(() => struct({ twice }), /cannot tell array and array apart/)
  })
})

describe("Differences of schemas", () => {
  const before = struct({ id: Schema.String, n: Schema.Int, tags: Schema.Array(Schema.String) })
  const changed = (fields: Schema.Struct.Fields) => differences(json(struct(fields)), json(before))
  const { id, n, tags } = { id: Schema.String, n: Schema.Int, tags: Schema.Array(Schema.String) }

  it("are none where old values can be read", () => {
    assert.deepStrictEqual(changed({ id, n, tags }), [])
    assert.deepStrictEqual(changed({ id, n, tags, more: Schema.optionalKey(Schema.Int) }), [])
    assert.deepStrictEqual(changed({ id, n: Schema.Finite }), [])
    assert.deepStrictEqual(changed({ id: Schema.NullOr(id), n, tags }), [])
  })

  it("name the place and what is different there", () => {
    assert.deepStrictEqual(changed({ id, n, tags, more: Schema.String }), ["more is new and has no default"])
    assert.deepStrictEqual(changed({ id: n, n, tags }), ["id was string, and is long"])
    assert.deepStrictEqual(changed({ id, n, tags: Schema.Array(n) }), ["tags[] was string, and is long"])
  })

  it("are those that avsc finds", () => {
    const reads = (fields: Schema.Struct.Fields) => {
      try {
        typeOf(struct(fields)).createResolver(typeOf(before))
        return true
      } catch {
        return false
      }
    }
    const candidates: ReadonlyArray<Schema.Struct.Fields> = [
      { id, n, tags },
      { id, n, tags, more: Schema.optionalKey(Schema.Int) },
      { id, n: Schema.Finite },
      { id, n, tags, more: Schema.String },
      { id: n, n, tags },
      { id, n, tags: Schema.Array(n) }
    ]
    for (const fields of candidates) assert.strictEqual(changed(fields).length === 0, reads(fields))
  })
})
