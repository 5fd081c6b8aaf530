/** The channels and messages of the local chat. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as ChatMessage from "../../domain/ChatMessage.ts"
import * as Happening from "../../domain/Happening.ts"
import { answerFields, refusedMeans } from "./Answers.ts"
import { about, described, number } from "./Describe.ts"
import { Embed } from "./Embeds.ts"
import {
  bodyProblems,
  Id,
  idempotencyKey,
  idempotencyParameter,
  Name,
  Person,
  problems,
  Text,
  whole
} from "./Fields.ts"

const LocalChannel = described("Channel", "A channel of the local chat", Happening.LocalChannel, {
  id: "`local:` and the name"
})
const AnswerOfBot = described(
  "Answer",
  "What the bot found, with the words it rests on",
  Schema.Struct({ text: Schema.String, ...answerFields }),
  { text: "Markdown; `[n]` refers to the citations", refused: refusedMeans }
)
const Author = described("Author", "Who wrote a message", ChatMessage.Author, { bot: "True for any program" })
const LocalMessage = described(
  "Message",
  "A message of the local chat",
  Schema.Struct({
    ...Happening.LocalMessage.fields,
    author: Author,
    answer: Schema.optionalKey(AnswerOfBot),
    embeds: Schema.optionalKey(Schema.Array(Embed))
  }),
  {
    replyTo: "The message it answers",
    editedAt: "Equal to `createdAt` until the first edit",
    answer: "Set on what the bot said in answer to a question",
    embeds: "Notifications, which say the same as the text"
  }
)

const Reaction = described("Reaction", "An emoji under a message, and who put it there", Happening.Reaction)
const Emoji = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected one emoji" }),
  Schema.isMaxLength(40, { message: "Expected one emoji" })
)

export class ChatApi extends HttpApiGroup.make("chat")
  .add(
    HttpApiEndpoint.get("channels", "/channels", {
      success: Schema.Array(LocalChannel),
      error: problems
    }).annotateMerge(about("List the channels", "Oldest first.")),
    HttpApiEndpoint.post("createChannel", "/channels", {
      payload: Schema.Struct({ name: Name }).annotate({ examples: [{ name: "release notes" }] }),
      success: LocalChannel,
      error: bodyProblems
    }).annotateMerge(about("Create a channel", "A name that exists gives the channel that has it.")),
    HttpApiEndpoint.get("messages", "/channels/:channelId/messages", {
      params: { channelId: Id },
      query: {
        before: Schema.optionalKey(Id),
        limit: whole(1, 200)
      },
      success: Schema.Array(LocalMessage),
      error: problems
    }).annotateMerge(
      about("List messages", "The newest, oldest first.", {
        before: { description: "A message; those before it are listed" },
        limit: number(1, 200, "At most so many; 50 when absent")
      })
    ),
    HttpApiEndpoint.post("post", "/channels/:channelId/messages", {
      params: { channelId: Id },
      headers: idempotencyKey,
      payload: Schema.Struct({ text: Text, author: Person, replyTo: Schema.optionalKey(Id) }).annotate({
        examples: [{ text: "@rtfm how do I add a channel?", author: { id: "ada", name: "Ada" } }]
      }),
      success: LocalMessage,
      error: bodyProblems
    }).annotateMerge(
      about(
        "Post a message",
        "`!rtfm …` and `@rtfm …` ask the bot; its answer comes as a reply. Durable when it returns.",
        idempotencyParameter
      )
    ),
    HttpApiEndpoint.post("openThread", "/channels/:channelId/messages/:messageId/thread", {
      params: { channelId: Id, messageId: Id },
      success: LocalChannel,
      error: problems
    }).annotateMerge(
      about("Open a thread", "A channel that hangs from the message; the one that is there, if there is one.")
    ),
    HttpApiEndpoint.post("react", "/channels/:channelId/messages/:messageId/reactions", {
      params: { channelId: Id, messageId: Id },
      payload: Schema.Struct({ emoji: Emoji, author: Person, on: Schema.Boolean }).annotate({
        examples: [{ emoji: "🎉", author: { id: "ada", name: "Ada" }, on: true }]
      }),
      success: Schema.Array(Reaction),
      error: bodyProblems
    }).annotateMerge(about("React to a message", "With an emoji, or take it back with `on: false`.")),
    HttpApiEndpoint.patch("edit", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Id, messageId: Id },
      payload: Schema.Struct({ text: Text, authorId: Id }).annotate({
        examples: [{ text: "@rtfm how do I add a channel to the chat?", authorId: "ada" }]
      }),
      success: LocalMessage,
      error: bodyProblems
    }).annotateMerge(about("Edit a message", "Only the author's own.")),
    HttpApiEndpoint.delete("remove", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Id, messageId: Id },
      query: { authorId: Id },
      success: HttpApiSchema.NoContent.annotate({ description: "It is gone" }),
      error: problems
    }).annotateMerge(
      about("Delete a message", "Only the author's own. It leaves the index, too.", {
        authorId: { description: "Who deletes it" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "Chat", description: "The channels and messages of the local chat." })) {}
