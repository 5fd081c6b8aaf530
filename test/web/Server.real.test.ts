/** The server over real sockets: every failure, who is let in, streams, the page, and how it stops. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Option, Redacted, Scope } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { request as send } from "node:http"
import { connect, type Socket } from "node:net"
import { Broker } from "../../src/broker/Broker.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Client from "../../src/web/Client.ts"
import { idOf } from "../../src/web/Events.ts"
import type { Place } from "../../src/web/Guard.ts"
import * as OwnerKey from "../../src/runtime/OwnerKey.ts"
import * as Server from "../../src/web/Server.ts"
import * as World from "./World.ts"

const local: Place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }
const withToken: Place = { ...local, token: Option.some(Redacted.make("secret-token")) }

const logged: Array<string> = []
const capture = Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${Cause.pretty(cause)}`))

const serverAt = (place: Place) =>
  Server.layerAt(place).pipe(Layer.provideMerge(World.layer), Layer.provide(Logger.layer([capture])))

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  readonly json: any
}

interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | ReadonlyArray<string>
}

const portOf = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))

/** A request as it is, without what `fetch` adds or forbids. */
const call = Effect.fnUntraced(function* (path: string, { body, headers = {}, method = "GET" }: Call = {}) {
  const port = yield* portOf
  return yield* Effect.callback<Answer>((resume) => {
    const request = send({ port, path, method, headers, agent: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk) => chunks.push(chunk))
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString()
        const json = /json/.test(response.headers["content-type"] ?? "") && text !== "" ? JSON.parse(text) : undefined
        resume(
          Effect.succeed({ status: response.statusCode!, headers: response.headers as Answer["headers"], text, json })
        )
      })
    })
    request.on("error", (cause) => resume(Effect.die(cause)))
    if (typeof body === "object") {
      for (const part of body) request.write(part)
      request.end()
    } else request.end(body)
  })
})

const asJson = { "content-type": "application/json" }
const post = (path: string, body: unknown, headers: Call["headers"] = {}) =>
  call(path, { method: "POST", headers: { ...asJson, ...headers }, body: JSON.stringify(body) })

const assertProblem = (answer: Answer, status: number, title: string, detail?: string) => {
  assert.strictEqual(answer.status, status, answer.text)
  assert.strictEqual(answer.headers["content-type"], "application/problem+json")
  assert.deepInclude(answer.json, { type: "about:blank", status, title })
  assert.isString(answer.json.detail)
  if (detail !== undefined) assert.strictEqual(answer.json.detail, detail)
  assert.notInclude(answer.text, "    at ")
}

/** Reads a stream of events until the text has come, or the stream has ended. */
const follow = Effect.fnUntraced(function* (headers: Call["headers"] = {}) {
  const port = yield* portOf
  let text = ""
  let ended = false
  const waiting = new Set<() => void>()
  const wake = () => waiting.forEach((look) => look())
  const request = send({ port, path: "/api/events", headers, agent: false }, (response) => {
    response.on("data", (chunk) => {
      text += String(chunk)
      wake()
    })
    response.on("close", () => {
      ended = true
      wake()
    })
  })
  request.end()
  yield* Effect.addFinalizer(() => Effect.sync(() => request.destroy()))
  const until = (done: () => boolean) =>
    Effect.callback<string>((resume) => {
      const look = () => done() && resume(Effect.succeed(text))
      waiting.add(look)
      look()
    })
  return { until: (part: string) => until(() => text.includes(part)), end: until(() => ended) }
})

layer(serverAt(local))("a server of this machine", (it) => {
  describe("answers failures with problems", () => {
    it.effect("of what is sent", () =>
      Effect.gen(function* () {
        const path = "/api/questions"
        const broken = yield* call(path, { method: "POST", headers: asJson, body: '{"text": "secret words' })
        assertProblem(broken, 400, "Bad Request", "body: Expected a valid JSON body")
        const empty = yield* call(path, { method: "POST", headers: asJson })
        assertProblem(empty, 400, "Bad Request")
        const text = yield* call(path, { method: "POST", headers: { "content-type": "text/plain" }, body: "How?" })
        assertProblem(text, 415, "Unsupported Media Type")
        const wrong = yield* post(path, { text: "", author: { id: "not an id", name: "secret" }, channelId: 7 })
        assertProblem(wrong, 400, "Bad Request", "body.text: Expected some text, and 2 more")
        assert.deepStrictEqual(
          wrong.json.errors.map(({ path }: { path: string }) => path),
          ["body.text", "body.channelId", "body.author.id"]
        )
        for (const { text } of [broken, wrong]) assert.notMatch(text, /secret|not an id/)
        assertProblem(yield* call("/api/channels/local:general/messages?limit=0"), 400, "Bad Request")
        assertProblem(yield* call("/api/search"), 400, "Bad Request")
        const query = yield* call("/api/search?q=x&limit=1e9")
        assertProblem(query, 400, "Bad Request", "query.limit: Expected a number from 1 to 50")
        const header = yield* post(path, { text: "How?" }, { "idempotency-key": "x".repeat(201) })
        assertProblem(header, 400, "Bad Request", "headers.idempotency-key: Expected at most 200 characters")
      })
    )

    it.effect("of addresses and methods", () =>
      Effect.gen(function* () {
        for (const path of ["/api", "/api/nothing", "/nothing", "/console/main.tsx", "/..%2f..%2fpackage.json"]) {
          assertProblem(yield* call(path), 404, "Not Found", "There is nothing at this address")
        }
        assertProblem(yield* call("/api/questions/m-404"), 404, "Not Found", "There is no question with this id")
        for (const [method, path, allow] of [
          ["GET", "/api/questions", "POST"],
          ["PUT", "/api/channels/local:general/messages", "POST, GET"],
          ["POST", "/health/live", "GET"],
          ["DELETE", "/", "GET"]
        ] as const) {
          const answer = yield* call(path, { method })
          assertProblem(answer, 405, "Method Not Allowed")
          assert.strictEqual(answer.headers["allow"], allow)
        }
      })
    )

    it.effect("of size, before it is read in full", () =>
      Effect.gen(function* () {
        const large = { text: "x".repeat(70_000) }
        assertProblem(yield* post("/api/questions", large), 413, "Content Too Large")
        const chunked = { method: "POST", headers: asJson, body: Array.from({ length: 100 }, () => "x".repeat(1_000)) }
        assertProblem(yield* call("/api/questions", chunked), 413, "Content Too Large")
        const documents = [{ path: "a.md", text: "x".repeat(8 * 1024 * 1024) }]
        const ingested = yield* post("/api/documents", { source: "handbook", documents, removeMissing: false })
        assert.deepInclude(ingested.json, { source: "handbook", added: 1 })
        const tooLarge = [{ path: "a.md", text: "x".repeat(33 * 1024 * 1024) }]
        const refused = yield* post("/api/documents", { source: "handbook", documents: tooLarge, removeMissing: false })
        assertProblem(refused, 413, "Content Too Large")
      })
    )

    it.effect("of a folder to be read again, unless the caller shows that it runs for the same user", () =>
      Effect.gen(function* () {
        const documents = [{ path: "a.md", text: "# A\n\nOne." }]
        const folder = { source: "etc", kind: "folder", origin: "/etc", documents, removeMissing: false }
        const send = (headers: Readonly<Record<string, string>>) =>
          call("/api/documents", { method: "POST", headers: { ...asJson, ...headers }, body: JSON.stringify(folder) })
        assertProblem(yield* send({}), 422, "Unprocessable Content")
        assertProblem(yield* send({ [OwnerKey.header]: "guessed" }), 422, "Unprocessable Content")
        const key = yield* OwnerKey.OwnerKey
        assert.strictEqual((yield* send({ [OwnerKey.header]: key })).status, 200)
      })
    )

    it.effect("of ours, without saying more than the log", () =>
      Effect.gen(function* () {
        const world = yield* World.World
        world.defect = new Error("the secret reason")
        logged.length = 0
        const answer = yield* call("/api/channels")
        world.defect = undefined
        assertProblem(answer, 500, "Internal Server Error")
        assert.notInclude(answer.text, "secret")
        assert.isTrue(logged.some((line) => line.includes("the secret reason")))
      })
    )

    it.effect("of people who change what is not theirs", () =>
      Effect.gen(function* () {
        const place = "/api/channels/local:general/messages"
        const { json: message } = yield* post(place, { text: "Hello", author: { id: "ada", name: "Ada" } })
        const edit = (authorId: string, at = `${place}/${message.id}`) =>
          call(at, { method: "PATCH", headers: asJson, body: JSON.stringify({ text: "Bye", authorId }) })
        assertProblem(yield* edit("bob"), 403, "Forbidden")
        assertProblem(yield* edit("ada", `${place}/m-404`), 404, "Not Found")
        assertProblem(yield* edit("ada", `/api/channels/local:other/messages/${message.id}`), 404, "Not Found")
        assert.deepInclude((yield* edit("ada")).json, { text: "Bye", id: message.id })
        const remove = (authorId: string) => call(`${place}/${message.id}?authorId=${authorId}`, { method: "DELETE" })
        assertProblem(yield* remove("bob"), 403, "Forbidden")
        const removed = yield* remove("ada")
        assert.deepInclude(removed, { status: 204, text: "" })
      })
    )
  })

  it.effect("refuses foreign hosts and origins everywhere", () =>
    Effect.gen(function* () {
      for (const path of ["/", "/api/status", "/docs", "/health/live", "/metrics", "/nothing"]) {
        assertProblem(yield* call(path, { headers: { host: "evil.example" } }), 403, "Forbidden")
        assertProblem(yield* call(path, { headers: { origin: "https://evil.example" } }), 403, "Forbidden")
      }
      const port = yield* portOf
      const own = { host: `localhost:${port}`, origin: `http://localhost:${port}` }
      assert.strictEqual((yield* call("/api/status", { headers: own })).status, 200)
      const absolute = yield* call("http://evil.example/api/status")
      assertProblem(absolute, 403, "Forbidden")
    })
  )

  it.effect("answers a question, and the same key with the same answer", () =>
    Effect.gen(function* () {
      const world = yield* World.World
      const before = world.messages.filter(({ author }) => !author.bot).length
      const ask = post("/api/questions", { text: "How?" }, { "idempotency-key": "real" })
      const asking = yield* Effect.forkChild(ask)
      yield* world.posted(before + 1)
      yield* world.answer("m-real")
      const first = yield* Fiber.join(asking)
      assert.deepInclude(first.json, { id: "m-real", question: "How?", answer: World.answer.text, mode: "closest" })
      assert.deepStrictEqual((yield* ask).json, first.json)
      assert.strictEqual(world.messages.filter(({ author }) => !author.bot).length, before + 1)
      assert.deepStrictEqual((yield* call("/api/questions/m-real")).json, first.json)
      const later = yield* post("/api/questions?wait=0", { text: "And?" })
      assert.strictEqual(later.status, 202)
      assert.strictEqual(later.headers["location"], `/api/questions/${later.json.id}`)
    })
  )

  it.effect("streams what happens and goes on where a watcher was", () =>
    Effect.gen(function* () {
      const happenings = yield* Happenings
      const first = yield* follow()
      yield* first.until(": open")
      yield* happenings.tell({ type: "typing", channelId: "one" })
      const seen = yield* first.until('"one"')
      const id = /^id: (.+)$/m.exec(seen)![1]!
      yield* happenings.tell({ type: "typing", channelId: "two" })
      const second = yield* follow({ "last-event-id": id })
      const resumed = yield* second.until('"two"')
      assert.notInclude(resumed, '"one"')
      assert.notInclude(resumed, "reset")
      const third = yield* follow({ "last-event-id": idOf(1, "deadbeef") })
      assert.notInclude(yield* third.until("event: reset"), '"two"')
    }).pipe(Effect.scoped)
  )

  it.effect("serves documents, search, topics, dead letters and its status", () =>
    Effect.gen(function* () {
      const get = (path: string) => Effect.map(call(path), ({ json }) => json)
      assert.deepInclude(yield* get("/api/status"), { ready: true, summary: "Ready; 4 passages wait for a vector." })
      assert.strictEqual((yield* get("/api/documents"))[0].documents[0].id, "handbook/readme.md")
      const document = yield* get("/api/documents/handbook%2Freadme.md")
      assert.deepStrictEqual(
        document.sections.map(({ id }: { id: string }) => id),
        ["handbook/readme.md#0", "handbook/readme.md#1"]
      )
      assertProblem(yield* call("/api/documents/nothing"), 404, "Not Found")
      const found = yield* get("/api/search?q=ingest")
      assert.deepInclude(found, { vectors: false, grounds: { score: 2, threshold: 1, enough: true } })
      assert.deepInclude(found.found[0], { chunkId: "readme#0", score: 2 })
      assertProblem(yield* call("/api/search?q=ingest&channelId=1234"), 404, "Not Found")
      assert.deepStrictEqual(yield* get("/api/topics"), [])
      assert.deepStrictEqual(yield* get("/api/dead-letters"), [])
      assert.deepStrictEqual((yield* call("/api/channels", { method: "HEAD" })).status, 200)
    })
  )

  it.effect("says when it is not ready, and why", () =>
    Effect.gen(function* () {
      const { failing } = yield* World.World
      assert.deepStrictEqual((yield* call("/health/ready")).json, { status: "ready" })
      failing.push("indexer")
      const answer = yield* call("/health/ready")
      failing.pop()
      assertProblem(answer, 503, "Not Ready", "Not ready: indexer keeps failing")
      assert.deepStrictEqual(answer.json.reasons, ["indexer keeps failing"])
      assert.deepStrictEqual((yield* call("/health/live")).json, { status: "live" })
    })
  )

  it.effect("counts requests by route, never by address", () =>
    Effect.gen(function* () {
      yield* call("/api/questions/m-404")
      yield* call("/secret/address")
      const { headers, text } = yield* call("/metrics")
      assert.match(headers["content-type"]!, /^text\/plain; version=0.0.4/)
      assert.match(text, /rtfm_http_requests_total\{route="GET \/api\/questions\/:id",status_class="4xx"\} \d/)
      assert.match(text, /rtfm_http_requests_total\{route="none",status_class="4xx"\} \d/)
      assert.match(text, /rtfm_http_request_seconds_count\{route="GET \/api\/questions\/:id"\} \d/)
      assert.match(text, /^process_resident_memory_bytes \d{7,}$/m)
      assert.notMatch(text, /m-404|secret/)
    })
  )

  it.effect("serves the page compressed, once, and under a strict policy", () =>
    Effect.gen(function* () {
      const page = yield* call("/")
      assert.strictEqual(page.status, 200)
      assert.match(page.headers["content-type"]!, /^text\/html/)
      assert.notMatch(page.text, /<script(?![^>]*src=)|<style|style="/)
      const policy = page.headers["content-security-policy"]!
      assert.notMatch(policy, /unsafe|\*|https?:/)
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
        assert.include(policy, part)
      assert.deepInclude(page.headers, { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" })
      const plain = yield* call("/app.js")
      const script = yield* call("/app.js", { headers: { "accept-encoding": "gzip, br" } })
      assert.strictEqual(script.headers["content-encoding"], "br")
      assert.isBelow(Number(script.headers["content-length"]), plain.text.length / 2)
      const again = { "accept-encoding": "gzip, br", "if-none-match": script.headers["etag"]! }
      assert.deepInclude(yield* call("/app.js", { headers: again }), { status: 304, text: "" })
    })
  )

  it.effect("explains itself without scripts and without the network", () =>
    Effect.gen(function* () {
      const { text } = yield* call("/docs")
      assert.notMatch(text, /<script|<style|style="|(src|href)="(?!\/|#|data:)/)
      const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!)
      for (const id of links) assert.include(text, `id="${id}"`)
      assert.strictEqual((yield* call("/docs.css")).headers["content-type"], "text/css; charset=utf-8")
      const { json } = yield* call("/openapi.json")
      for (const path of Object.keys(json.paths)) assert.include(text, `<code>${path}</code>`)
    })
  )
})

layer(serverAt(withToken))("a server with a token", (it) => {
  it.effect("wants it for the API and for nothing else", () =>
    Effect.gen(function* () {
      for (const path of ["/", "/app.css", "/docs", "/openapi.json", "/health/live", "/health/ready", "/metrics"]) {
        assert.strictEqual((yield* call(path)).status, 200, path)
      }
      for (const authorization of [undefined, "Bearer", "Bearer wrong", "Basic secret-token", "secret-token"]) {
        for (const path of ["/api/status", "/api/events", "/api/questions/m-1"]) {
          const answer = yield* call(path, authorization === undefined ? {} : { headers: { authorization } })
          assertProblem(answer, 401, "Unauthorized")
          assert.strictEqual(answer.headers["www-authenticate"], 'Bearer realm="rtfm"')
        }
      }
      const headers = { authorization: "Bearer secret-token" }
      assert.strictEqual((yield* call("/api/status", { headers })).status, 200)
      const events = yield* follow(headers)
      yield* events.until(": open")
    }).pipe(Effect.scoped)
  )

  it.effect("is asked before the body is looked at", () =>
    Effect.gen(function* () {
      assertProblem(yield* post("/api/questions", { text: 7 }), 401, "Unauthorized")
    })
  )

  it.effect("is called by the typed client", () =>
    Effect.gen(function* () {
      const url = yield* Server.url
      const { token } = withToken
      const status = yield* Effect.flatMap(Client.make({ url, token }), ({ system }) => system.status())
      assert.isTrue(status.ready)
      const unknown = yield* Effect.flip(
        Effect.flatMap(Client.make({ url, token }), ({ questions }) =>
          questions.question({ params: { id: "m-404" }, headers: {}, query: {} })
        )
      )
      assert.deepInclude(unknown, { _tag: "NotFound", detail: "There is no question with this id" })
      const refused = yield* Effect.flip(Effect.flatMap(Client.make({ url }), ({ system }) => system.status()))
      assert.strictEqual(refused._tag, "Unauthorized")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

describe("starting", () => {
  it.live("on a port in use is one sentence", () =>
    Effect.gen(function* () {
      const port = yield* portOf
      const error = yield* Effect.flip(Layer.build(Layer.fresh(serverAt({ ...local, port }))))
      assert.deepInclude(error, { _tag: "ServerError", reason: "port-in-use", fatal: true })
      assert.strictEqual(
        error.message,
        `Port ${port} is in use: stop the program that listens there, or set PORT to another`
      )
    }).pipe(Effect.scoped, Effect.provide(serverAt(local)))
  )

  it.live("on an address of another machine is one sentence", () =>
    Effect.gen(function* () {
      const place = { ...withToken, host: "192.0.2.1" }
      const error = yield* Effect.flip(Layer.build(serverAt(place)))
      assert.deepInclude(error, { _tag: "ServerError", reason: "no-such-address" })
      assert.strictEqual(
        error.message,
        "HOST 192.0.2.1 is no address of this machine: leave it out to listen on 127.0.0.1"
      )
    }).pipe(Effect.scoped)
  )
})

describe("stopping", () => {
  /** A server on a scope of its own, and what stopped in which order. */
  const started = Effect.gen(function* () {
    const stopped: Array<string> = []
    const actors = Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => stopped.push("actors"))))
    const scope = yield* Scope.make()
    const whole = serverAt(local).pipe(Layer.provideMerge(actors))
    const context = yield* Layer.buildWithScope(Layer.fresh(whole), scope)
    const stop = Scope.close(scope, Exit.void).pipe(Effect.andThen(Effect.sync(() => stopped.push("all"))))
    return { context, stop, stopped }
  })

  it.live("ends streams at once, lets a question in hand finish, and takes nothing new", () =>
    Effect.gen(function* () {
      const { context, stop, stopped } = yield* started
      yield* Effect.gen(function* () {
        const world = yield* World.World
        const events = yield* follow()
        yield* events.until(": open")
        const headers = { "idempotency-key": "last", connection: "keep-alive" }
        const asking = yield* Effect.forkChild(post("/api/questions", { text: "How?" }, headers))
        yield* world.posted(1)

        const stopping = yield* Effect.forkChild(stop)
        yield* events.end
        assert.deepStrictEqual(stopped, [])
        assert.isUndefined(asking.pollUnsafe())
        const refused = yield* Effect.exit(call("/api/status"))
        assert.isTrue(Exit.isFailure(refused), "the listener is closed")

        yield* world.answer("m-last")
        const answer = yield* Fiber.join(asking)
        const before = performance.now()
        assert.deepInclude(answer.json, { id: "m-last", answer: World.answer.text })
        assert.strictEqual(answer.headers["connection"], "close")
        yield* Fiber.join(stopping)
        assert.isBelow(performance.now() - before, 2_000)
        assert.deepStrictEqual(stopped, ["actors", "all"])
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped)
  )

  const open = Effect.fnUntraced(function* (text: string) {
    const port = yield* portOf
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    socket.on("error", () => {})
    yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
    return socket
  })
  const firstByte = (socket: Socket) =>
    Effect.callback<void>((resume) => {
      socket.once("data", () => {
        socket.pause()
        resume(Effect.void)
      })
    })
  const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const before = performance.now()
      return Effect.map(effect, () => performance.now() - before)
    })

  it.live("cuts off a watcher that takes nothing, at once", () =>
    Effect.gen(function* () {
      const { context, stop } = yield* started
      yield* Effect.gen(function* () {
        const happenings = yield* Happenings
        yield* firstByte(yield* open("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        for (let i = 0; i < 2_000; i++) {
          yield* happenings.tell({ type: "typing", channelId: "x".repeat(10_000) })
          if (i % 50 === 0) yield* Effect.yieldNow
        }
        assert.isBelow(yield* timed(stop), 2_000)
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped)
  )

  it.live("cuts off a reader of records that takes nothing, soon", () =>
    Effect.gen(function* () {
      const { context, stop } = yield* started
      yield* Effect.gen(function* () {
        const broker = yield* Broker
        yield* broker.create(Topics.all)
        const topic = Topics.bridgeNames.commands
        const value = new Uint8Array(1_000_000).fill(120)
        yield* broker.publish(Array.from({ length: 30 }, () => ({ topic, key: null, value })))
        yield* firstByte(yield* open(`GET /api/topics/${topic}/records HTTP/1.1\r\nHost: localhost\r\n\r\n`))
        assert.isBelow(yield* timed(stop), 3_000)
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped)
  )

  it.live("is held up no longer than its grace by clients that say or take nothing", () =>
    Effect.gen(function* () {
      const { context, stop } = yield* started
      yield* Effect.gen(function* () {
        const { messages } = yield* World.World
        const author = { id: "ada", name: "Ada", bot: false }
        for (let i = 0; i < 200; i++) {
          const text = "x".repeat(100_000)
          messages.push({ id: `m-${i}`, channelId: "local:general", author, text, createdAt: 1, editedAt: 1 })
        }
        yield* open("GET /api/status HTTP/1.1\r\nHost: local")
        yield* open("POST /api/questions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        const messagesOf = (limit: number) =>
          `GET /api/channels/local:general/messages?limit=${limit} HTTP/1.1\r\nHost: localhost\r\n\r\n`
        yield* firstByte(yield* open(messagesOf(200)))
        yield* firstByte(yield* open(messagesOf(9).repeat(30)))
        assert.isBelow(yield* timed(stop), 8_000)
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped)
  )
})
