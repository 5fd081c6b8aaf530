/** The media host: files of messages under links that are signed and expire, on a port of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { File } from "./Model.ts"
import { signature } from "./Render.ts"
import type { World } from "./World.ts"

const piece = 65_536

/** A file of these bytes or this text. */
export const file = (name: string, content: string | Uint8Array, type = "application/octet-stream"): File => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  return { name, type, size: bytes.length, bytes: (start, length) => bytes.subarray(start, start + length) }
}

/** A file of any size that is never in memory: byte `i` is `i % 251`. */
export const hugeFile = (name: string, size: number, type = "application/octet-stream"): File => {
  const pattern = Buffer.alloc(251 * 1024).map((_, i) => i % 251)
  return {
    name,
    type,
    size,
    bytes: (start, length) => {
      const offset = start % 251
      return pattern.subarray(offset, offset + Math.min(length, size - start))
    }
  }
}

export class Media {
  readonly #world: World
  /** How many bytes it gave away. */
  sent = 0
  /** Paths that were asked for, with what was answered. */
  readonly requests: Array<{ readonly path: string; readonly status: number }> = []
  /** Answered instead of the file, as from a host that is in trouble. */
  status: number | null = null
  /** Where it sends everybody instead. */
  redirect: string | null = null
  /** Happens before the next request is looked at, once. */
  before: (() => void) | null = null
  readonly server: Server

  constructor(world: World) {
    this.#world = world
    this.server = createServer((request, response) => this.#answer(request, response))
  }

  #find(url: URL): File | 403 | 404 {
    const [, kind, channelId, id] = url.pathname.split("/")
    const [expires, issued, given] = ["ex", "is", "hm"].map((key) => url.searchParams.get(key) ?? "")
    if (kind !== "attachments") return 404
    if (signature(url.pathname, expires!, issued!) !== given) return 404
    if (Number.parseInt(expires!, 16) * 1000 < this.#world.clock.now()) return 404
    for (const message of this.#world.channels.get(channelId!)?.messages ?? []) {
      const found = message.attachments.find((one) => one.id === id)
      if (found !== undefined) return found.file
    }
    return 404
  }

  #answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url!, "http://media")
    const before = this.before
    this.before = null
    before?.()
    if (this.redirect !== null) {
      this.requests.push({ path: url.pathname, status: 302 })
      response.writeHead(302, { location: this.redirect }).end()
      return
    }
    const found = this.#find(url)
    const status = this.status ?? (typeof found === "number" ? found : 200)
    this.requests.push({ path: url.pathname, status })
    if (status !== 200 || typeof found === "number") {
      response.writeHead(status, { "content-type": "text/plain" }).end("This content is no longer available.")
      return
    }
    response.writeHead(200, { "content-type": found.type, "content-length": found.size, "accept-ranges": "bytes" })
    this.#stream(found, 0, response)
  }

  #stream(of: File, start: number, response: ServerResponse) {
    while (start < of.size) {
      if (response.destroyed) return
      const bytes = of.bytes(start, Math.min(piece, of.size - start))
      start += bytes.length
      this.sent += bytes.length
      if (!response.write(bytes)) return response.once("drain", () => this.#stream(of, start, response))
    }
    return response.end()
  }
}
