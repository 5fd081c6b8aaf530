/**
 * Where a command's work is done: in the process that has `DATA_DIR` when one runs, through its API; otherwise here, on
 * the same files.
 */
import { Context, Effect, Layer, Option } from "effect"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { Broker } from "../broker/Broker.ts"
import * as DeadLetterLog from "../broker/DeadLetters.ts"
import { Log, withWeb } from "../main.ts"
import * as Running from "../runtime/Running.ts"
import * as Client from "../web/Client.ts"
import * as Guard from "../web/Guard.ts"
import * as Server from "../web/Server.ts"
import * as WebSystem from "../web/System.ts"

export class Api extends Context.Service<
  Api,
  {
    readonly api: Client.Client
    /** Where the page is. */
    readonly url: string
  }
>()("rtfm/commands/Api") {}

const at = (url: string) =>
  Effect.gen(function* () {
    const token = yield* Guard.apiToken.config
    return { api: yield* Client.make({ url, token }), url }
  })

/** The whole system for as long as the command takes, on a port of its own. */
const here = Layer.effect(Api, Effect.flatMap(Server.url, at)).pipe(
  Layer.provide(withWeb(Server.layerAt({ host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() })))
)

export const layer = Layer.unwrap(
  Effect.map(Running.find, Option.match({ onNone: () => here, onSome: ({ url }) => Layer.effect(Api, at(url)) }))
).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

/** Through the API of the running process, or with the log alone: looking starts no work. */
const lookAt = Effect.fnUntraced(function* <A, E1, E2>(
  remote: (api: Client.Client) => Effect.Effect<A, E1>,
  local: Effect.Effect<A, E2, Broker>
) {
  const running = yield* Running.find
  if (Option.isNone(running)) return yield* Effect.provide(local, Log)
  const { api } = yield* at(running.value.url).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
  return yield* remote(api)
})

export const topics = lookAt((api) => api.system.topics(), WebSystem.topics)

export const deadLetters = (query: { readonly topic?: string; readonly limit?: number }) =>
  lookAt(
    (api) => api.system.deadLetters({ query }),
    Effect.map(DeadLetterLog.list(query), (letters) => letters.map(WebSystem.toDeadLetterInfo))
  )

export const redrive = (payload: Parameters<typeof DeadLetterLog.redrive>[0]) =>
  lookAt((api) => Effect.map(api.system.redrive({ payload }), ({ sent }) => sent), DeadLetterLog.redrive(payload))
