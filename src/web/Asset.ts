/** A file that is served as it is: compressed once, and not sent again to who has it. */
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { extname } from "node:path"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"

type Encoding = "br" | "gzip" | "identity"

export interface Asset {
  readonly contentType: string
  readonly etag: string
  readonly body: (encoding: Encoding) => Effect.Effect<Uint8Array>
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2"
}

/** What is worth compressing; a packet carries less than this anyway. */
const worthwhile = (contentType: string, bytes: Uint8Array): boolean =>
  bytes.length > 1_000 && !/^(image\/png|font\/)/.test(contentType)

const compress = {
  br: (bytes: Uint8Array) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    }),
  gzip: (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 9 })
}

/** The name gives the type. */
export const make = (name: string, content: string | Uint8Array): Asset => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
  const contentType = types[extname(name)] ?? "application/octet-stream"
  const done = new Map<Encoding, Promise<Uint8Array>>([["identity", Promise.resolve(bytes)]])
  const once = (encoding: "br" | "gzip") => {
    const known = done.get(encoding) ?? compress[encoding](bytes)
    done.set(encoding, known)
    return known
  }
  return {
    contentType,
    etag: createHash("sha256").update(bytes).digest("base64url").slice(0, 20),
    body: (encoding) =>
      Effect.promise(() =>
        encoding === "identity" || !worthwhile(contentType, bytes) ? Promise.resolve(bytes) : once(encoding)
      )
  }
}

/** The best encoding that a client takes (RFC 9110, section 12.5.3); `q=0` refuses one. */
export const encodingFor = (acceptEncoding: string | undefined): Encoding => {
  const taken = new Set(
    (acceptEncoding ?? "")
      .split(",")
      .map((part) =>
        part
          .trim()
          .toLowerCase()
          .split(/\s*;\s*/)
      )
      .filter(([, quality]) => quality === undefined || !/^q=0(\.0*)?$/.test(quality))
      .map(([encoding]) => encoding)
  )
  return taken.has("br") ? "br" : taken.has("gzip") ? "gzip" : "identity"
}

export const respond = Effect.fnUntraced(function* (asset: Asset) {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const encoding = encodingFor(headers["accept-encoding"])
  const etag = `"${asset.etag}-${encoding}"`
  // Asked for again each time, and answered with 304 unless it changed.
  const shared = { etag, "cache-control": "no-cache", vary: "accept-encoding" }
  if (headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    return HttpServerResponse.empty({ status: 304, headers: shared })
  }
  const body = yield* asset.body(encoding)
  const plain = body === (yield* asset.body("identity"))
  return HttpServerResponse.uint8Array(body, {
    contentType: asset.contentType,
    headers: plain ? shared : { ...shared, "content-encoding": encoding }
  })
})
