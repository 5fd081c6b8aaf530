/** Files as they are served, and the table of addresses. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import * as Asset from "../../src/web/Asset.ts"
import * as Routes from "../../src/web/Routes.ts"

const text = "body { color: red } ".repeat(200)

const get = Effect.fnUntraced(function* (asset: Asset.Asset, headers: Record<string, string>) {
  const request = HttpServerRequest.fromWeb(new Request("http://localhost/app.css", { headers }))
  const response = yield* Asset.respond(asset).pipe(Effect.provideService(HttpServerRequest.HttpServerRequest, request))
  const web = HttpServerResponse.toWeb(response)
  const body = yield* Effect.promise(() => web.arrayBuffer())
  return { status: web.status, headers: Object.fromEntries(web.headers), body: new Uint8Array(body) }
})

describe("Asset", () => {
  it.effect("is sent in the best encoding that is taken", () =>
    Effect.gen(function* () {
      const asset = Asset.make("app.css", text)
      const plain = yield* get(asset, {})
      assert.strictEqual(new TextDecoder().decode(plain.body), text)
      assert.isUndefined(plain.headers["content-encoding"])
      assert.deepInclude(plain.headers, { "content-type": "text/css; charset=utf-8", vary: "accept-encoding" })
      const br = yield* get(asset, { "accept-encoding": "gzip, deflate, br" })
      assert.strictEqual(br.headers["content-encoding"], "br")
      assert.strictEqual(brotliDecompressSync(br.body).toString(), text)
      const gzip = yield* get(asset, { "accept-encoding": "gzip;q=0.5, br;q=0" })
      assert.strictEqual(gzip.headers["content-encoding"], "gzip")
      assert.strictEqual(gunzipSync(gzip.body).toString(), text)
    })
  )

  it.effect("is not sent to who has it", () =>
    Effect.gen(function* () {
      const first = yield* get(Asset.make("app.css", text), {})
      const has = { "if-none-match": `"other", ${first.headers["etag"]}` }
      const again = yield* get(Asset.make("app.css", text), has)
      assert.deepInclude({ status: again.status, size: again.body.length }, { status: 304, size: 0 })
      const changed = yield* get(Asset.make("app.css", `${text} `), has)
      assert.strictEqual(changed.status, 200)
    })
  )

  it.effect("is left as it is when it is small", () =>
    Effect.gen(function* () {
      const small = yield* get(Asset.make("icon.svg", "<svg/>"), { "accept-encoding": "br" })
      assert.isUndefined(small.headers["content-encoding"])
      assert.strictEqual(small.headers["content-type"], "image/svg+xml")
    })
  )

  it("takes only encodings that are not refused", () => {
    assert.strictEqual(Asset.encodingFor(undefined), "identity")
    assert.strictEqual(Asset.encodingFor("deflate, zstd"), "identity")
    assert.strictEqual(Asset.encodingFor("BR ; q=1.0"), "br")
    assert.strictEqual(Asset.encodingFor("br;q=0.0, gzip"), "gzip")
  })
})

describe("Routes", () => {
  const routes = Routes.make([{ method: "GET", path: "/" }])

  it("names an address by its pattern, and a long one, too", () => {
    assert.strictEqual(routes.nameOf("GET", "/api/questions/m-1?wait=3"), "GET /api/questions/:id")
    assert.strictEqual(routes.nameOf("HEAD", "/api/status"), "GET /api/status")
    assert.strictEqual(routes.nameOf("GET", `/api/documents/${"a".repeat(600)}`), "GET /api/documents/:id")
    assert.strictEqual(routes.nameOf("GET", "/"), "GET /")
    assert.isUndefined(routes.nameOf("GET", "/api/questions"))
    assert.isUndefined(routes.nameOf("GET", "/nothing"))
  })

  it("knows what an address takes", () => {
    assert.deepStrictEqual(routes.methodsOf("/api/channels/local:general/messages"), ["POST", "GET"])
    assert.deepStrictEqual(routes.methodsOf("/nothing"), [])
  })
})
