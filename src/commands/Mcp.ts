/** `rtfm mcp`: what is known, to a program that starts this one and speaks with it over standard input and output. */
import { Effect, Layer, References } from "effect"
import { Command } from "effect/cli"
import { linkedTo, Manual, ManualError, noAnswer, patience } from "../web/Mcp.ts"
import * as System from "./System.ts"

const failing = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.mapError(effect, ({ message }) => new ManualError({ detail: message }))

/** Through the API of the running process, or of one that runs for as long as this command. */
const layerManual = Layer.effect(
  Manual,
  Effect.map(System.Api, ({ api, known, url }) => {
    const linked = linkedTo(url)
    return Manual.of({
      search: (q, limit) =>
        known(patience).pipe(
          Effect.andThen(api.knowledge.search({ query: { q, limit } })),
          Effect.map(({ found, grounds }) => ({
            enough: grounds.enough,
            found: found.map(({ kind, text, title, url }) => ({ kind, text, title, url: linked(url) }))
          })),
          failing
        ),
      ask: (text) =>
        Effect.gen(function* () {
          yield* known(patience)
          const answered = yield* api.questions.ask({ headers: {}, query: { wait: patience }, payload: { text } })
          if (!("answer" in answered)) return yield* noAnswer
          const { answer, citations, refused } = answered
          return {
            answer,
            refused,
            citations: citations.map(({ n, quote, title, url }) => ({ n, quote, title, url: linked(url) }))
          }
        }).pipe(failing)
    })
  })
).pipe(Layer.provide(System.layer))

export const mcp = Command.make("mcp", {}, () =>
  Effect.gen(function* () {
    const { layerStdio } = yield* Effect.promise(() => import("../web/McpTools.ts"))
    return yield* Layer.launch(layerStdio.pipe(Layer.provide(layerManual)))
    // Standard output is the protocol's.
  }).pipe(Effect.provideService(References.LogToStderr, true))
).pipe(
  Command.withDescription("Serve search and ask to a coding assistant over standard input (MCP)"),
  Command.withExamples([
    { command: "claude mcp add rtfm -- rtfm mcp", description: "Let an assistant start it" },
    { command: "rtfm mcp", description: "Speak the protocol yourself" }
  ])
)
