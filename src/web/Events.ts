/** What happens, as server-sent events that go on where a watcher was. */
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Duration, Effect, Fiber, Schema, Stream } from "effect"
import { Sse } from "effect/encoding"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import type { ServerResponse } from "node:http"
import { Happening } from "../domain/Happening.ts"
import { Happenings, type Numbered } from "../runtime/Happenings.ts"
import { Draining } from "./Draining.ts"

export const heartbeat = Duration.seconds(15)

/** Beats after which a client that takes nothing is cut off; it comes back and goes on where it was. */
const beatsOfPatience = 2

/** Numbers start again with the process, so they are told apart by a name of its own. */
const thisProcess = randomUUID().slice(0, 8)

export type From =
  /** What comes from now on. */
  | { readonly type: "now" }
  | { readonly type: "after"; readonly number: number }
  /** The watcher saw another process, or something that is no id of ours. */
  | { readonly type: "elsewhere" }

export const idOf = (number: number, process = thisProcess): string => `${process}-${number}`

export const fromId = (lastEventId: string | undefined, process = thisProcess): From => {
  if (lastEventId === undefined || lastEventId === "") return { type: "now" }
  const [, name, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId) ?? []
  return name === process ? { type: "after", number: Number(number) } : { type: "elsewhere" }
}

export type Event = Numbered | "reset"

/** Puts a `reset` where numbers are missing: what was dropped is in the state, and has to be loaded from there. */
export const withResets = (last: number | undefined, numbered: Numbered): readonly [number, ReadonlyArray<Event>] => [
  numbered.id,
  last !== undefined && numbered.id !== last + 1 ? ["reset", numbered] : [numbered]
]

const encode = Schema.encodeSync(Schema.fromJsonString(Happening))

const toText = (event: Event): string =>
  event === "reset"
    ? Sse.encoder.write({ _tag: "Event", event, id: undefined, data: '{"type":"reset"}' })
    : Sse.encoder.write({ _tag: "Event", event: "message", id: idOf(event.id), data: encode(event.happening) })

/** Starts a stream now, so that nothing is missed from here on, and hands out what it gives. */
const started = Effect.fnUntraced(function* <A>(stream: Stream.Stream<A>) {
  const pull = yield* Stream.toPull(stream)
  const first = yield* Effect.forkScoped(pull, { startImmediately: true })
  let next: typeof pull = Fiber.join(first)
  return Stream.fromPull(
    Effect.succeed(
      Effect.suspend(() => {
        const current = next
        next = pull
        return current
      })
    )
  )
})

/** Text of a server-sent stream. A watcher that is slow misses events and is told; nothing is kept for it. */
export const frames = (happenings: Happenings["Service"], from: From): Stream.Stream<string> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const last = from.type === "after" ? from.number : undefined
      const events = yield* started(happenings.since(last))
      const opening = `retry: 2000\n: open\n\n${from.type === "elsewhere" ? toText("reset") : ""}`
      const beats = Stream.map(Stream.drop(Stream.tick(heartbeat), 1), () => ": beat\n\n")
      const texts = events.pipe(
        Stream.mapAccum(() => last, withResets),
        Stream.map(toText)
      )
      return Stream.concat(Stream.make(opening), Stream.merge(texts, beats, { haltStrategy: "left" }))
    })
  )

/** There is none when no socket is involved, as in tests. */
const responseOf = (request: HttpServerRequest.HttpServerRequest) =>
  NodeHttpServerRequest.toServerResponse(request) as ServerResponse | undefined

/** Ends the connection of a client that takes nothing, at once when the process stops. */
const cutOffWhenStuck = Effect.fnUntraced(function* (response: ServerResponse | undefined) {
  const draining = yield* Draining
  const stopsBeforeNextBeat = draining.awaited.pipe(
    Effect.as(true),
    Effect.timeoutOrElse({ duration: heartbeat, orElse: () => Effect.succeed(false) })
  )
  let stuckFor = 0
  while (response !== undefined && stuckFor < beatsOfPatience) {
    const stopping = yield* stopsBeforeNextBeat
    stuckFor = response.writableNeedDrain ? stuckFor + 1 : 0
    if (stopping) break
  }
  if (stuckFor > 0) response?.destroy()
})

/** Answers with the stream; it ends when the process stops. */
export const follow = Effect.fnUntraced(function* (lastEventId: string | undefined) {
  const happenings = yield* Happenings
  const draining = yield* Draining
  const request = yield* HttpServerRequest.HttpServerRequest
  yield* Effect.forkScoped(cutOffWhenStuck(responseOf(request)))
  return HttpServerResponse.stream(
    frames(happenings, fromId(lastEventId)).pipe(Stream.interruptWhen(draining.awaited), Stream.encodeText),
    {
      contentType: "text/event-stream; charset=utf-8",
      // The connection has no use after the stream, and a stop would wait for it.
      headers: { "cache-control": "no-store", connection: "close", "x-accel-buffering": "no" }
    }
  )
})
