/** The page's chat keeps the contract of every chat. */
import { Context, Effect, Layer } from "effect"
import { Chat } from "../../src/chat/Chat.ts"
import * as LocalChat from "../../src/chat/LocalChat.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import { suite } from "../contract/Chat.ts"

const State = Layer.merge(Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))), Happenings.layer)
const author = { id: "ada", name: "Ada" }
const channelId = LocalChat.defaultChannelId

suite(
  "the page",
  Effect.gen(function* () {
    const state = yield* Layer.build(State)
    const build = Layer.build(Layer.fresh(LocalChat.layer)).pipe(Effect.provide(state))
    let current = Context.get(yield* build, LocalChat.LocalChat)
    return {
      channelId,
      says: (text: string) => Effect.map(current.post({ channelId, author, text }), ({ id }) => id),
      deletes: (messageId: string) => current.remove({ messageId, authorId: author.id }),
      start: Effect.map(build, (context) => {
        current = Context.get(context, LocalChat.LocalChat)
        return Context.get(context, Chat)
      })
    }
  })
)
