/** The page's chat and Discord together, as one place where people talk. */
import { Context, Effect, Layer, Stream } from "effect"
import { Chat } from "./Chat.ts"
import * as Discord from "./discord/Discord.ts"
import * as LocalChat from "./LocalChat.ts"

const isLocal = (channelId: string): boolean => channelId.startsWith("local:")

/** What has an id of the page goes to the page, all else to Discord. Announcements go to the page unless told otherwise. */
const both = (local: Chat["Service"], discord: Chat["Service"]): Chat["Service"] => {
  const of = (channelId: string) => (isLocal(channelId) ? local : discord)
  return {
    heard: Stream.merge(local.heard, discord.heard),
    say: (reply) => of(reply.channelId).say(reply),
    draft: (reply) => of(reply.channelId).draft(reply),
    revise: (reply) => of(reply.channelId).revise(reply),
    audience: (channelId, askerId) => of(channelId).audience(channelId, askerId),
    announcements: local.announcements,
    typing: (channelId) => of(channelId).typing(channelId)
  }
}

export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(LocalChat.layer)
    const discord = yield* Discord.make
    return Context.add(context, Chat, both(Context.get(context, Chat), discord))
  })
)
