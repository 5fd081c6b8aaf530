/** Sources from the first reading to their removal: what changed is published, and nothing else. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, FileSystem, Layer } from "effect"
import * as Ingester from "../../src/actors/Ingester.ts"
import * as Refresher from "../../src/actors/Refresher.ts"
import * as MemoryBroker from "../../src/broker/Memory.ts"
import * as Prepare from "../../src/broker/Prepare.ts"
import * as Documents from "../../src/docs/Documents.ts"
import * as Converter from "../../src/docs/formats/Converter.ts"
import * as Fetcher from "../../src/docs/site/Fetcher.ts"
import * as Website from "../../src/docs/site/Website.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import * as SiteServer from "../fixtures/SiteServer.ts"
import { html, page } from "../fixtures/SiteServer.ts"

const State = Documents.layer.pipe(
  Layer.provide(Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))
)
const Log = Prepare.layer(Topics.all).pipe(Layer.provideMerge(MemoryBroker.layerMemory))
const Web = Website.layerWith({ pause: Duration.zero, mostPages: 100 }).pipe(
  Layer.provideMerge(
    Layer.mergeAll(Fetcher.layerWith({ allowed: () => true, time: "10 seconds" }), Converter.layerHere)
  )
)

const services = (settings: Record<string, string> = {}) =>
  Refresher.layer.pipe(
    Layer.provideMerge(Ingester.layer),
    Layer.provideMerge(Layer.mergeAll(State, Log, Web)),
    Layer.provideMerge(
      Layer.mergeAll(Happenings.layer, NodeServices.layer, ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
    )
  )

/** Until its reading has ended. */
const ended = Effect.fnUntraced(function* (source: string) {
  const refresher = yield* Refresher.Refresher
  while (true) {
    const reading = (yield* refresher.readings).get(source)
    if (reading?.state === "done" || reading?.state === "failed") return reading
    yield* Effect.sleep("10 millis")
  }
})

const running = Effect.flatMap(Refresher.actor, ({ run }) => Effect.forkScoped(run))

const words = (text: string) => html(`<p>${text} ${"and more of it ".repeat(4)}</p>`)

describe("Refresher", () => {
  it.live("reads a website, asks the next time only for what changed, and removes what is gone", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      const at = (path: string) => server.url + path
      const list = (...paths: ReadonlyArray<string>) =>
        server.pages.set("/sitemap.xml", page(SiteServer.sitemap(...paths.map(at)), "text/xml"))
      list("/a", "/b", "/c", "/d")
      for (const path of ["/a", "/b", "/c", "/d"]) server.pages.set(path, page(words(path)))
      yield* running
      const refresher = yield* Refresher.Refresher
      const documents = yield* Documents.Documents
      yield* refresher.add(`${server.url}/`, "site")
      const first = yield* ended("site")
      assert.deepStrictEqual([first.report?.added, first.done, first.total], [4, 4, 4])
      assert.deepStrictEqual(first.place, { kind: "website", origin: `${server.url}/` })

      list("/a", "/b", "/c")
      server.pages.set("/b", page(words("another b"))).delete("/c")
      server.asked.length = 0
      yield* refresher.refresh("site")
      const { report } = yield* ended("site")
      assert.deepStrictEqual(
        [report?.added, report?.changed, report?.unchanged, report?.removed, report?.chunks, report?.problems],
        [0, 1, 1, 2, 1, []]
      )
      assert.deepStrictEqual(server.asked.slice(-3), ["/a if changed", "/b if changed", "/c if changed"])
      const [source] = yield* documents.list
      assert.deepStrictEqual(source!.place, { kind: "website", origin: `${server.url}/` })
      assert.deepStrictEqual(
        source!.documents.map(({ path, url }) => [path, url]),
        [
          ["a", at("/a")],
          ["b", at("/b")]
        ]
      )

      server.pages.set("/sitemap.xml", (_, response) => void response.writeHead(500).end())
      yield* refresher.refresh("site")
      const kept = yield* ended("site")
      assert.strictEqual((yield* documents.list)[0]!.documents.length, 2, "a list that cannot be read removes nothing")
      assert.deepStrictEqual(kept.report?.removed, 0)

      assert.strictEqual((yield* refresher.remove("site"))?.removed, 2)
      assert.deepStrictEqual(yield* documents.list, [])
      assert.isUndefined(yield* refresher.remove("site"))
    }).pipe(Effect.scoped, Effect.provide(services()))
  )

  const handbook = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = `${yield* fs.makeTempDirectoryScoped()}/handbook`
    yield* fs.makeDirectory(folder)
    yield* fs.writeFileString(`${folder}/a.md`, "# A\none")
    const ingester = yield* Ingester.Ingester
    const place = { source: "handbook", kind: "folder", origin: folder } as const
    yield* ingester.ingest({ ...place, files: [{ path: "a.md", text: "# A\nold" }], removeMissing: true })
    yield* fs.writeFileString(`${folder}/b.html`, words("B"))
    return folder
  })

  it.live("reads a folder again when its time has come", () =>
    Effect.gen(function* () {
      yield* handbook
      yield* running
      const { report } = yield* ended("handbook")
      assert.deepStrictEqual([report?.added, report?.changed], [1, 1])
    }).pipe(Effect.scoped, Effect.provide(services({ REFRESH_SOURCES_EVERY: "1 millis" })))
  )

  it.live("keeps what it knows of a folder that is gone, says so, and lets it be removed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* handbook
      yield* running
      const refresher = yield* Refresher.Refresher
      const documents = yield* Documents.Documents
      yield* fs.remove(folder, { recursive: true })
      yield* refresher.refresh("handbook")
      const gone = yield* ended("handbook")
      assert.deepStrictEqual([gone.state, gone.error], ["failed", `There is no file or folder ${folder}`])
      assert.strictEqual((yield* documents.list)[0]!.documents.length, 1)
      assert.strictEqual((yield* refresher.remove("handbook"))?.removed, 1)
      assert.deepStrictEqual(yield* documents.list, [])
    }).pipe(Effect.scoped, Effect.provide(services({ REFRESH_SOURCES_EVERY: "Infinity" })))
  )
})
