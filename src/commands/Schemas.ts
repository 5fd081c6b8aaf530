/** `rtfm schemas`: the schemas of the topics at the schema registry. */
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import * as Commander from "../actors/Commander.ts"
import * as Registry from "../broker/avro/Registry.ts"
import * as Topics from "../domain/Topics.ts"
import { CommandError } from "./CommandError.ts"
import { json, printRows } from "./Output.ts"

/** What there is of ours, and the registry. */
const world = Effect.gen(function* () {
  const address = yield* Registry.address
  if (address === undefined)
    return yield* new CommandError({ detail: "There is no schema registry: set SCHEMA_REGISTRY_URL." })
  // Loads the library only here.
  const Avro = yield* Effect.promise(() => import("../broker/Avro.ts"))
  const { commands, responses } = yield* Commander.topics
  const options = yield* Avro.optionsOf(address, Topics.allWith([commands, responses]))
  return { Avro, codecs: Avro.codecs(options), registry: yield* Registry.make(address) }
}).pipe(Effect.provide(FetchHttpClient.layer))

const list = Command.make(
  "list",
  { json },
  Effect.fn(function* ({ json }) {
    const { Avro, codecs, registry } = yield* world
    const rows = yield* Effect.forEach(codecs, (codec) =>
      Effect.gen(function* () {
        const known = yield* registry.find(codec.subject, codec.schema)
        const latest = yield* registry.latest(codec.subject)
        const state = Avro.stateOf(codec, known, latest)
        const version = Option.getOrNull(Option.map(latest, ({ version }) => version))
        return { subject: codec.subject, topic: codec.topic, id: Option.getOrNull(known), version, state }
      })
    )
    yield* printRows(rows, {
      json,
      none: "No topic has a schema.",
      columns: [
        { title: "SUBJECT", value: ({ subject }) => subject },
        { title: "VERSIONS", value: ({ version }) => version ?? "none" },
        { title: "ID", value: ({ id }) => id ?? "none" },
        { title: "STATE", value: ({ state }) => state }
      ]
    })
  })
).pipe(Command.withDescription("List the schemas of the topics, and whether they are registered"))

const register = Command.make(
  "register",
  {},
  Effect.fn(function* () {
    const { Avro, codecs, registry } = yield* world
    for (const codec of codecs) {
      const id = yield* Avro.register(registry, codec)
      yield* Console.log(`${codec.subject}: id ${id}`)
    }
  })
).pipe(
  Command.withDescription(
    "Register the schemas of the topics under BACKWARD compatibility; one that cannot read what is there is refused"
  )
)

export const schemas = Command.make("schemas").pipe(
  Command.withDescription("The schemas of the topics at the schema registry"),
  Command.withSubcommands([list, register]),
  Command.withExamples([{ command: "rtfm schemas register", description: "Before a start that may not do it itself" }])
)
