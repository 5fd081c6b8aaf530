/** COMMANDS_TOPIC, RESPONSES_TOPIC → bot-responses. What other programs write is said in the chat, each record once. */
import { Config, Effect, Option, Result, Schema } from "effect"
import type { IncomingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Chat } from "../chat/Chat.ts"
import type { Saying } from "../domain/Answer.ts"
import * as Command from "../domain/Command.ts"
import * as Topics from "../domain/Topics.ts"
import * as Setting from "../runtime/Setting.ts"
import * as Actor from "./Actor.ts"

/** Names that stay names when `.dlq` is added. */
const TopicName = Schema.String.check(Schema.isPattern(/^(?!\.{1,2}$)[\w.-]{1,245}$/))

/** A topic that no actor writes to, or what the bot says would come back to it; and not one that is read otherwise. */
const foreignTopic = (name: string, taken: string) =>
  Config.schema(TopicName.check(Schema.makeFilter((topic) => topic !== taken && !Topics.isOwn(topic))), name)

const expected = "letters, digits, dots, dashes and underscores, and none of the bot's own topics nor the other one"

export const commandsTopic = Setting.withDefault("COMMANDS_TOPIC", {
  description: "Topic whose records are announced, or echoed in a channel",
  expected,
  config: (name) => foreignTopic(name, Topics.bridgeNames.responses),
  fallback: Topics.bridgeNames.commands,
  value: Topics.bridgeNames.commands
})

export const responsesTopic = Setting.withDefault("RESPONSES_TOPIC", {
  description: "Topic whose records are said in the channel they name",
  expected,
  config: (name) =>
    Config.flatMap(
      // What is wrong with the other one is told under its own name.
      Config.orElse(commandsTopic.config, () => Config.succeed(Topics.bridgeNames.commands)),
      (taken) => foreignTopic(name, taken)
    ),
  fallback: Topics.bridgeNames.responses,
  value: Topics.bridgeNames.responses
})

export const announcementChannelId = Setting.optional("ANNOUNCEMENT_CHANNEL_ID", {
  description: "Channel for announcements; absent: the channel announcements of the bot's own page",
  expected: "the id of a channel, without spaces",
  config: (name) => Config.schema(Schema.String.check(Schema.isPattern(/^\S{1,200}$/)), name)
})

/** The topics that other programs write to. */
export const topics = Config.all({
  commands: Config.map(commandsTopic.config, Topics.commands),
  responses: Config.map(responsesTopic.config, Topics.sayings)
})

/** What a record asks for can never be said. */
export class RefusedError extends Schema.TaggedError<RefusedError>()("RefusedError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return false
  }
}

type Meaning = (text: string, key: string | null) => Result.Result<Command.Wish, string>

/** Says what records of a topic mean. */
const speaker = (name: string, from: Topics.Source<string>, meaning: Meaning) =>
  Effect.gen(function* () {
    const chat = yield* Chat
    const announcements = Option.match(yield* announcementChannelId.config, {
      onNone: () => chat.announcements,
      onSome: Effect.succeed
    })

    const handle = Effect.fnUntraced(function* (text: string, source: IncomingRecord) {
      const wish = yield* Effect.fromResult(meaning(text, source.key)).pipe(
        Effect.mapError((detail) => new RefusedError({ detail }))
      )
      const channelId = wish.channelId ?? (yield* announcements)
      const { serverId } = yield* chat.audience(channelId)
      const saying: Saying = {
        type: "saying",
        id: Command.sayingId(wish, source),
        serverId,
        channelId,
        ...(wish.replyTo !== undefined && { replyTo: wish.replyTo }),
        text: wish.text
      }
      return [record(Topics.responses, saying)]
    })

    return yield* Actor.oneByOne({ name, from, to: Topics.responses.name, handle })
  })

export const commands = Effect.flatMap(topics, ({ commands }) => speaker("commander", commands, Command.fromCommand))

export const responses = Effect.flatMap(topics, ({ responses }) =>
  speaker("response-commander", responses, Command.fromResponse)
)
