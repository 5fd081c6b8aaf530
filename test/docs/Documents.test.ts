/** A second ingest publishes what changed and nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { documentFrom } from "../../src/docs/DocSource.ts"
import * as Documents from "../../src/docs/Documents.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const state = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const services = Layer.mergeAll(Documents.layer, PassagesSql.layer).pipe(Layer.provide(state))

const docs = (files: Record<string, string>, source = "handbook") =>
  Object.entries(files).map(([path, text]) => documentFrom(source, { path, text }))

const brief = (plan: Documents.Plan) => ({
  records: plan.records.map((record) =>
    record.type === "chunk" ? `${record.chunk.id}/${record.total}` : `-${record.documentId}`
  ),
  added: plan.added,
  changed: plan.changed,
  removed: plan.removed,
  unchanged: plan.unchanged
})

describe("Documents", () => {
  it.effect("belongs to the folder it came from: the same name from elsewhere is refused", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const from = (origin: string) =>
        documents.plan("docs", docs({ "a.md": "a" }, "docs"), { removeMissing: true, origin })
      yield* documents.remember(yield* from("/home/ada/one/docs"))
      assert.deepStrictEqual((yield* from("/home/ada/one/docs")).unchanged, ["docs/a.md"])
      const refused = yield* Effect.flip(from("/home/ada/two/docs"))
      assert.strictEqual(refused.reason, "taken")
      assert.include(refused.detail, "/home/ada/one/docs")
      assert.include(refused.detail, "--name")
    }).pipe(Effect.provide(services))
  )

  it.effect("plans what is new, changed and gone", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const all = { removeMissing: true }
      const first = yield* documents.plan(
        "handbook",
        docs({ "a.md": "# A\none\n## A2\ntwo", "b.md": "b", "c.md": "c" }),
        all
      )
      assert.deepStrictEqual(brief(first), {
        records: ["handbook/a.md#0/2", "handbook/a.md#1/2", "handbook/b.md#0/1", "handbook/c.md#0/1"],
        added: ["handbook/a.md", "handbook/b.md", "handbook/c.md"],
        changed: [],
        removed: [],
        unchanged: []
      })
      yield* documents.remember(first)
      const second = yield* documents.plan(
        "handbook",
        docs({ "a.md": "# A\none\n## A2\ntwo", "b.md": "b2", "d.md": "d" }),
        all
      )
      assert.deepStrictEqual(brief(second), {
        records: ["-handbook/c.md", "handbook/b.md#0/1", "handbook/d.md#0/1"],
        added: ["handbook/d.md"],
        changed: ["handbook/b.md"],
        removed: ["handbook/c.md"],
        unchanged: ["handbook/a.md"]
      })
    }).pipe(Effect.provide(services))
  )

  it.effect("a plan that was not remembered comes again", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const passages = yield* Passages
      const files = docs({ "a.md": "one", "b.md": "two" })
      const first = yield* documents.plan("handbook", files, { removeMissing: true })
      yield* passages.applyDocuments(first.records)
      const again = yield* documents.plan("handbook", files, { removeMissing: true })
      assert.deepStrictEqual(again, first)
      yield* passages.applyDocuments(again.records)
      yield* documents.remember(again)
      yield* documents.remember(again)
      assert.deepStrictEqual(brief(yield* documents.plan("handbook", files, { removeMissing: true })).records, [])
      assert.strictEqual((yield* passages.counts).documents, 2)
    }).pipe(Effect.provide(services))
  )

  it.effect("leaves alone what is not its business: other sources, files with a problem, parts of a source", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const one = docs({ "a.md": "one", "b.md": "two" })
      yield* documents.remember(yield* documents.plan("handbook", one, { removeMissing: true }))
      yield* documents.remember(
        yield* documents.plan("manual", docs({ "a.md": "x" }, "manual"), { removeMissing: true })
      )
      const part = yield* documents.plan("handbook", one.slice(0, 1), { removeMissing: false })
      assert.deepStrictEqual(part.removed, [])
      const problem = yield* documents.plan("handbook", one.slice(0, 1), {
        removeMissing: true,
        problems: [{ path: "b.md", reason: "is not UTF-8 text" }]
      })
      assert.deepStrictEqual(problem.removed, [])
    }).pipe(Effect.provide(services))
  )

  it.effect("a document that lost its text leaves the index and stays on the list", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const plan = (text: string) => documents.plan("handbook", docs({ "a.md": text }), { removeMissing: true })
      yield* documents.remember(yield* plan("text"))
      const empty = yield* plan("")
      assert.deepStrictEqual(brief(empty).records, ["-handbook/a.md"])
      yield* documents.remember(empty)
      assert.deepStrictEqual(brief(yield* plan("")).records, [])
      assert.strictEqual((yield* documents.list)[0]!.documents[0]!.chunks, 0)
    }).pipe(Effect.provide(services))
  )

  it.effect("lists sources and documents with when they changed and were looked at", () =>
    Effect.gen(function* () {
      const documents = yield* Documents.Documents
      const ingest = (files: Record<string, string>) =>
        Effect.flatMap(documents.plan("handbook", docs(files), { removeMissing: true }), documents.remember)
      assert.deepStrictEqual(yield* documents.list, [])
      yield* TestClock.setTime(1000)
      yield* ingest({ "b.md": "b", "a.md": "# A\none\n# A2\ntwo" })
      yield* TestClock.setTime(2000)
      yield* ingest({ "b.md": "b changed", "a.md": "# A\none\n# A2\ntwo" })
      const [a, b] = [
        {
          id: "handbook/a.md",
          path: "a.md",
          title: "A",
          url: "/#/documents/handbook%2Fa.md",
          chunks: 2,
          ingestedAt: 1000
        },
        {
          id: "handbook/b.md",
          path: "b.md",
          title: "b",
          url: "/#/documents/handbook%2Fb.md",
          chunks: 1,
          ingestedAt: 2000
        }
      ] as const
      assert.deepStrictEqual(yield* documents.list, [
        { source: "handbook", place: {}, refreshedAt: 2000, documents: [a, b], problems: [] }
      ])
      assert.deepStrictEqual(yield* documents.get("handbook/b.md"), Option.some(b))
      assert.deepStrictEqual(yield* documents.get("handbook/c.md"), Option.none())
      yield* ingest({})
      assert.deepStrictEqual(yield* documents.list, [])
    }).pipe(Effect.provide(services))
  )
})
