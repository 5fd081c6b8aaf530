/** The Model Context Protocol over HTTP and over standard input, as assistants speak it. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { spawn } from "node:child_process"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import type { Place } from "../../src/web/Guard.ts"
import * as Server from "../../src/web/Server.ts"
import { newFolder, removeFolder } from "../process/Rtfm.ts"
import * as World from "./World.ts"

const hello = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "test", version: "1" }
}

const local: Place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }
const serverAt = (place: Place) => Server.layerAt(place).pipe(Layer.provideMerge(World.layer))

const portOf = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))

/** The message in a response, whether it came as JSON or as a stream of events. */
const messageIn = (text: string): any => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? (text === "" ? "null" : text))

const post = Effect.fnUntraced(function* (body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const port = yield* portOf
  const response = yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify(body)
    })
  )
  const text = yield* Effect.promise(() => response.text())
  return { status: response.status, headers: response.headers, message: messageIn(text) }
})

/** A session over HTTP: each call gives what it results in. */
const connect = Effect.fnUntraced(function* (headers: Readonly<Record<string, string>> = {}) {
  const first = yield* post({ jsonrpc: "2.0", id: 0, method: "initialize", params: hello }, headers)
  const session = {
    ...headers,
    "mcp-protocol-version": first.message.result.protocolVersion,
    "mcp-session-id": first.headers.get("mcp-session-id") ?? ""
  }
  yield* post({ jsonrpc: "2.0", method: "notifications/initialized" }, session)
  let id = 0
  const call = (method: string, params: object = {}) =>
    Effect.map(post({ jsonrpc: "2.0", id: ++id, method, params }, session), ({ message }) => message.result ?? message)
  return { server: first.message.result.serverInfo, call }
})

layer(serverAt(local), { excludeTestServices: true })("over HTTP", (it) => {
  it.effect("offers search and ask, and both work", () =>
    Effect.gen(function* () {
      const world = yield* World.World
      const { call, server } = yield* connect()
      assert.strictEqual(server.name, "rtfm")
      const { tools } = yield* call("tools/list")
      assert.deepStrictEqual(
        tools.map(({ annotations, inputSchema, name }: any) => [name, inputSchema.required, annotations.readOnlyHint]),
        [
          ["search", ["query"], true],
          ["ask", ["question"], false]
        ]
      )
      const found = yield* call("tools/call", { name: "search", arguments: { query: "ingest" } })
      assert.deepStrictEqual(found.structuredContent, {
        enough: true,
        found: [
          {
            title: "Readme › Ingest",
            text: "Run rtfm ingest docs to add a folder.",
            url: "http://localhost:0/#/documents/readme",
            kind: "document"
          }
        ]
      })
      const asking = yield* Effect.forkChild(call("tools/call", { name: "ask", arguments: { question: "How?" } }))
      yield* world.posted(1)
      yield* world.answer(world.messages[0]!.id)
      const asked = yield* Fiber.join(asking)
      assert.strictEqual(asked.structuredContent.answer, World.answer.text)
      assert.strictEqual(asked.structuredContent.citations[0].quote, "rtfm ingest docs")
      assert.deepStrictEqual(JSON.parse(asked.content[0].text), asked.structuredContent)
    })
  )

  it.effect("says what is wrong with a call", () =>
    Effect.gen(function* () {
      const { call } = yield* connect()
      const empty = yield* call("tools/call", { name: "search", arguments: { query: "" } })
      assert.match(JSON.stringify(empty), /Expected some text/)
      const unknown = yield* call("tools/call", { name: "delete", arguments: {} })
      assert.isTrue(unknown.error !== undefined || unknown.isError === true, JSON.stringify(unknown))
    })
  )

  it.effect("is closed to other sites, and has no stream to listen on", () =>
    Effect.gen(function* () {
      const port = yield* portOf
      const foreign = yield* post(
        { jsonrpc: "2.0", id: 1, method: "initialize", params: hello },
        { origin: "http://evil.test" }
      )
      assert.strictEqual(foreign.status, 403)
      const listened = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/mcp`))
      assert.strictEqual(listened.status, 405)
    })
  )
})

layer(serverAt({ ...local, token: Option.some(Redacted.make("secret-token")) }))("with a token", (it) => {
  it.effect("lets in only who brings it", () =>
    Effect.gen(function* () {
      const message = { jsonrpc: "2.0", id: 1, method: "initialize", params: hello }
      assert.strictEqual((yield* post(message)).status, 401)
      assert.strictEqual((yield* post(message, { authorization: "Bearer wrong" })).status, 401)
      const { call } = yield* connect({ authorization: "Bearer secret-token" })
      assert.strictEqual((yield* call("tools/list")).tools.length, 2)
    })
  )
})

describe("over standard input", () => {
  it("answers from what it knows, and prints nothing else", async () => {
    const folder = newFolder()
    const child = spawn(process.execPath, [resolve(import.meta.dirname, "../../src/cli.ts"), "mcp"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, DATA_DIR: join(folder, "data"), LOG_LEVEL: "debug" },
      stdio: ["pipe", "pipe", "pipe"]
    })
    child.stderr.resume()
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
    const call = async (id: number, method: string, params: object = {}): Promise<any> => {
      send({ id, method, params })
      while (true) {
        const message = JSON.parse((await lines.next()).value!)
        if (message.id === id) return message.result ?? message
      }
    }
    try {
      const { serverInfo } = await call(1, "initialize", hello)
      assert.strictEqual(serverInfo.name, "rtfm")
      send({ method: "notifications/initialized" })
      const { tools } = await call(2, "tools/list")
      assert.deepStrictEqual(
        tools.map(({ name }: any) => name),
        ["search", "ask"]
      )
      const question = "How do I ingest a folder of documents?"
      // Its own docs are being taken in meanwhile, and waited for.
      const found = await call(3, "tools/call", { name: "search", arguments: { query: question, limit: 3 } })
      assert.match(found.structuredContent.found[0].url, /^http:\/\/(localhost|127\.0\.0\.1):\d+\/#\/documents\//)
      const asked = await call(4, "tools/call", { name: "ask", arguments: { question } })
      assert.isFalse(asked.structuredContent.refused)
    } finally {
      child.stdin.end()
      await new Promise((done) => child.once("close", done))
      removeFolder(folder)
    }
    assert.strictEqual(child.exitCode, 0)
  })
})
