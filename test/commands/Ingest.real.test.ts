/** `rtfm ingest` and `rtfm sources`, as they are typed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { embedded, refusal, run } from "./inProcess.ts"

describe("rtfm ingest", () => {
  it.live(
    "takes a folder and says what it left out, which is listed with the source, until it can be read",
    () =>
      Effect.gen(function* () {
        const settings = { ...(yield* embedded), PORT: "0", LOG_LEVEL: "error" }
        const folder = join(settings.DATA_DIR, "handbook")
        mkdirSync(folder)
        writeFileSync(join(folder, "start.md"), "# Start\n\nPress the button.")
        writeFileSync(join(folder, "latin.txt"), Buffer.from("gr\xfc\xdfe", "latin1"))
        const first = yield* run(settings, "ingest", folder)
        assert.include(first, "handbook: 1 added; 1 section to index.\n  left out: latin.txt is not UTF-8 text")
        const listed = Effect.map(run(settings, "sources", "list", "--json"), (text) =>
          (JSON.parse(text) as ReadonlyArray<{ source: string; problems: unknown }>).find(
            ({ source }) => source === "handbook"
          )
        )
        assert.deepStrictEqual((yield* listed)?.problems, [{ path: "latin.txt", reason: "is not UTF-8 text" }])
        writeFileSync(join(folder, "latin.txt"), "grüße")
        assert.include(yield* run(settings, "ingest", folder), "handbook: 1 added, 1 unchanged")
        assert.deepStrictEqual((yield* listed)?.problems, [])
      }),
    120_000
  )

  it.live(
    "fails for a file that cannot be read, for one that is not there, and for another kind",
    () =>
      Effect.gen(function* () {
        const settings = { ...(yield* embedded), PORT: "0", LOG_LEVEL: "error" }
        const file = (name: string, text: string) => {
          writeFileSync(join(settings.DATA_DIR, name), text)
          return join(settings.DATA_DIR, name)
        }
        const pdf = file("broken.pdf", "%PDF-1.4 broken")
        assert.strictEqual(yield* refusal(settings, "ingest", pdf), `${pdf} is not a PDF file that can be read`)
        const none = join(settings.DATA_DIR, "none.md")
        assert.strictEqual(yield* refusal(settings, "ingest", none), `There is no file or folder ${none}`)
        const wrong = refusal(settings, "ingest", settings.DATA_DIR, "--base-url", "docs.example.com")
        assert.include(yield* wrong, "docs.example.com is no address of the web: --base-url takes one such as https://")
        const ftp = refusal(settings, "ingest", "ftp://docs.example.com/")
        assert.include(
          yield* ftp,
          "ftp://docs.example.com/ is none of what can be read: a folder, a file, or an address"
        )
        const data = file("package.json", "{}")
        assert.strictEqual(yield* refusal(settings, "ingest", data), `${data} is no OpenAPI document`)
      }),
    120_000
  )
})
