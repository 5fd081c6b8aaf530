/** `rtfm forget`: a person's messages and opinions leave everything the bot knows. */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import * as DiscordState from "../chat/discord/DiscordState.ts"
import * as Forgetting from "../chat/Forgetting.ts"
import * as Topics from "../domain/Topics.ts"
import * as Sqlite from "../state/Sqlite.ts"
import { recordsOf } from "./Backfill.ts"
import { json, printJson } from "./Output.ts"
import * as System from "./System.ts"

const user = Flag.String("user").pipe(Flag.withDescription("Id of the person, as their platform knows them"))

export const forget = Command.make(
  "forget",
  { user, json },
  Effect.fn(function* ({ json, user }) {
    const records = yield* System.records
    const receipt = yield* Effect.gen(function* () {
      const state = yield* DiscordState.make
      yield* state.optOut(user)
      return yield* Forgetting.forget(user, {
        publish: (events) => Effect.asVoid(records.publish(Topics.messages.name, recordsOf(events))),
        read: (topic) => records.read({ topic, from: "earliest", follow: false }),
        erases: Option.isNone(yield* bootstrapServers.config)
      })
    }).pipe(Effect.provide(Sqlite.layer))
    yield* json ? printJson(receipt) : Console.log(Forgetting.receiptText(receipt))
  }, Effect.scoped)
).pipe(
  Command.withDescription("Delete what a person said, keep nothing more of it, and print a receipt"),
  Command.withExamples([
    { command: "rtfm forget --user 123456789012345678", description: "Somebody asked to be forgotten" }
  ])
)
