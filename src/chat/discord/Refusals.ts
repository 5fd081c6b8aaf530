/** How Discord refuses the bot itself, in sentences that say what to do. */
import { ChatFatalError } from "../Chat.ts"

const portal = "https://discord.com/developers/applications, under Bot"

export const refusedToken = new ChatFatalError({
  reason: "token",
  detail: `Discord does not accept DISCORD_TOKEN: copy the bot's token again from ${portal}.`
})

export const refusedIntents = new ChatFatalError({
  reason: "intents",
  detail: `Discord does not let this bot read messages: switch on Message Content Intent at ${portal}.`
})

/** Close codes of the gateway after which connecting again is no use. */
export const fatalClose = (code: number): ChatFatalError | undefined => {
  if (code === 4004) return refusedToken
  if (code === 4013 || code === 4014) return refusedIntents
  if (code < 4010 || code > 4012) return undefined
  return new ChatFatalError({
    reason: "sharding",
    detail: `Discord closed the connection for good (${code}): the bot is on more servers than its connections may serve.`
  })
}

/** Not refused, but poorer. */
export const withoutContent = `Discord does not let this bot read messages: it answers mentions, direct messages and commands only. For the rest, switch on Message Content Intent at ${portal}.`
