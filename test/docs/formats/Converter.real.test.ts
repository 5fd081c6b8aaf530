/** Documents of every kind become Markdown; one that is made to harm harms nobody else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { deflateSync } from "node:zlib"
import * as Converter from "../../../src/docs/formats/Converter.ts"
import * as Pdf from "../../fixtures/Pdf.ts"

const mebibyte = 1024 * 1024
const limits = { time: "20 seconds", memory: 300 * mebibyte, idle: "20 seconds" } as const
const bytes = (text: string) => new TextEncoder().encode(text)

const convert = (original: Parameters<Converter.Converter["Service"]["convert"]>[0]) =>
  Effect.flatMap(Converter.Converter, (converter) => converter.convert(original))
const refusal = (original: Parameters<typeof convert>[0]) =>
  Effect.map(Effect.flip(convert(original)), ({ detail }) => detail)

const page =
  "<html><head><title>Brewing</title></head><body><main><h1>Brewing</h1><p>Press the green button twice to brew.</p></main></body></html>"

describe("Converter", () => {
  it.live("reads pages of a PDF file, each with its anchor", () =>
    Effect.gen(function* () {
      const { text } = yield* convert({
        kind: "pdf",
        bytes: Pdf.withPages(["Brewing", "Press the green button."], ["# Not a heading", "Clean it daily."])
      })
      assert.strictEqual(
        text,
        "## Page 1 {#page=1}\n\nBrewing\nPress the green button.\n\n## Page 2 {#page=2}\n\n\\# Not a heading\nClean it daily."
      )
    }).pipe(Effect.provide(Converter.layerWith(limits)))
  )

  it.live("says in one line why it cannot, and goes on with the next", () =>
    Effect.gen(function* () {
      const refused = [
        yield* refusal({ kind: "pdf", bytes: Pdf.bomb(600 * mebibyte) }),
        yield* refusal({ kind: "pdf", bytes: bytes("%PDF-1.7 and nothing") }),
        yield* refusal({ kind: "html", bytes: bytes("<html><body><script>draw()</script></body></html>") }),
        yield* refusal({
          kind: "html",
          bytes: Buffer.from("<p>gr\xfc\xdfe</p>", "latin1"),
          contentType: "text/html; charset=utf-8"
        }),
        yield* refusal({ kind: "data", bytes: bytes('{ "openapi": "3.1.0", "paths": ') })
      ]
      assert.deepStrictEqual(
        refused.map((line) => line.replace(/:.*/, "")),
        [
          "needs more than 300 MiB of memory to be read",
          "is not a PDF file that can be read",
          "has no text; it may be made by scripts in the browser",
          "is not UTF-8 text",
          "is not JSON or YAML that can be read"
        ]
      )
      const { text } = yield* convert({ kind: "html", bytes: bytes(page) })
      assert.strictEqual(text, "# Brewing\n\nPress the green button twice to brew.")
    }).pipe(Effect.provide(Converter.layerWith(limits)))
  )

  it.live("ends what takes too long", () =>
    Effect.gen(function* () {
      const deep = bytes(`${"<div>".repeat(2_000)}deep`)
      assert.strictEqual(yield* refusal({ kind: "html", bytes: deep }), "takes longer than 2s to be read")
    }).pipe(Effect.provide(Converter.layerWith({ ...limits, time: "2 seconds" })))
  )

  it("has a bomb that is small", () => {
    assert.isBelow(deflateSync(deflateSync(Buffer.alloc(mebibyte, " "))).length, 1_000)
  })
})
