/** What programs that speak the Model Context Protocol are offered, and the address where they are offered it. */
import { Context, Effect, Layer, Option, Redacted, Schema, Scope } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { Chat } from "../chat/Chat.ts"
import { defaultChannelId, LocalChat } from "../chat/LocalChat.ts"
import { Retriever } from "../knowledge/Retriever.ts"
import { Guard } from "./Guard.ts"
import { toResponse, unauthorized } from "./Problem.ts"
import * as Questions from "./Questions.ts"

export const path = "/mcp"

export const Passage = Schema.Struct({
  title: Schema.String,
  text: Schema.String,
  url: Schema.String,
  kind: Schema.Literals(["document", "chat"])
})

export const SearchResult = Schema.Struct({
  /** Whether an answer could be written from what was found. */
  enough: Schema.Boolean,
  /** Best first. */
  found: Schema.Array(Passage)
})

export const AskResult = Schema.Struct({
  answer: Schema.String,
  refused: Schema.Boolean,
  citations: Schema.Array(
    Schema.Struct({ n: Schema.Int, quote: Schema.String, title: Schema.String, url: Schema.String })
  )
})

export class ManualError extends Schema.TaggedError<ManualError>()("ManualError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** What is known, to programs: documents, local channels and public ones, as every caller of the API sees them. */
export class Manual extends Context.Service<
  Manual,
  {
    search(query: string, limit: number): Effect.Effect<typeof SearchResult.Type, ManualError>
    ask(question: string): Effect.Effect<typeof AskResult.Type, ManualError>
  }
>()("rtfm/web/Manual") {}

/** Seconds an answer is waited for. */
export const patience = 60

export const noAnswer = new ManualError({ detail: `There was no answer within ${patience} seconds; ask again later` })

const asker = { id: "mcp", name: "MCP" }

const failing = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.mapError(effect, ({ message }) => new ManualError({ detail: message }))

/** Links of documents without an address of their own lead to this page. */
export const linkedTo =
  (base: string) =>
  (url: string): string =>
    url.startsWith("/") ? base + url : url

const layerManual = Layer.effect(
  Manual,
  Effect.gen(function* () {
    const chat = yield* Chat
    const localChat = yield* LocalChat
    const retriever = yield* Retriever
    const { place } = yield* Guard
    const answerWithin = yield* Questions.waiting
    const base = Option.match(place.publicUrl, {
      onNone: () => `http://localhost:${place.port}`,
      onSome: ({ origin }) => origin
    })
    const linked = linkedTo(base)

    return Manual.of({
      search: (query, limit) =>
        Effect.gen(function* () {
          const audience = yield* chat.audience(defaultChannelId)
          const { found, grounds } = yield* retriever.retrieve(query, audience, { limit })
          return {
            enough: grounds.enough,
            found: found.map(({ chunk: { kind, text, title, url } }) => ({ kind, text, title, url: linked(url) }))
          }
        }).pipe(failing),
      ask: (question) =>
        Effect.gen(function* () {
          const message = yield* localChat.post({
            channelId: defaultChannelId,
            author: asker,
            text: question,
            asks: true
          })
          const answered = yield* answerWithin(message, patience)
          if (answered === undefined) return yield* noAnswer
          const { answer, citations, refused } = answered
          return {
            answer,
            refused,
            citations: citations.map(({ n, quote, title, url }) => ({ n, quote, title, url: linked(url) }))
          }
        }).pipe(failing)
    })
  })
)

const isAdmitted = ({ admits, place }: Guard["Service"], authorization: string | undefined): boolean => {
  if (Option.isNone(place.token)) return true
  const credential = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1]
  return credential !== undefined && admits(Redacted.make(credential))
}

/** The protocol is loaded when somebody first speaks it: few do, and every start would wait for it. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const guard = yield* Guard
    const manual = yield* Manual
    const served = yield* Effect.cached(
      Effect.flatMap(
        Effect.promise(() => import("./McpTools.ts")),
        ({ layerHttp }) => HttpRouter.toHttpEffect(layerHttp(path).pipe(Layer.provide(Layer.succeed(Manual, manual))))
      ).pipe(Effect.provideService(Scope.Scope, yield* Effect.scope))
    )
    const handle = Effect.gen(function* () {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      if (!isAdmitted(guard, headers["authorization"])) return toResponse(unauthorized)
      return yield* yield* served
    })
    yield* router.add("*", path, handle)
  })
).pipe(Layer.provide(layerManual))
