/** Which intent an event takes. */
import { GatewayIntentBits as I } from "discord-api-types/v10"
import type { Happened } from "./World.ts"

export const known: number = Object.values(I)
  .filter((bit): bit is number => typeof bit === "number")
  .reduce((sum, bit) => sum | bit, 0)

export const content: number = I.MessageContent
export const members: number = I.GuildMembers
export const presences: number = I.GuildPresences
export const guilds: number = I.Guilds

/** One of two intents: of servers, or of direct messages. */
const places = (inGuilds: number, inDirect: number) => (happened: Happened) =>
  happened.guildId === null ? inDirect : inGuilds

const messages = places(I.GuildMessages, I.DirectMessages)
const reactions = places(I.GuildMessageReactions, I.DirectMessageReactions)
const typing = places(I.GuildMessageTyping, I.DirectMessageTyping)

/** The intent without which a session does not hear of this; 0 when everybody does. */
export const of = (happened: Happened, botId: string): number => {
  const { name, userId } = happened
  if (name.startsWith("MESSAGE_REACTION")) return reactions(happened)
  if (name.startsWith("MESSAGE_")) return messages(happened)
  if (name === "TYPING_START") return typing(happened)
  if (name === "WEBHOOKS_UPDATE") return I.GuildWebhooks
  if (name.startsWith("GUILD_MEMBER")) return userId === botId && name === "GUILD_MEMBER_UPDATE" ? 0 : I.GuildMembers
  if (name === "THREAD_MEMBERS_UPDATE") return I.Guilds
  if (name.startsWith("GUILD_") || name.startsWith("CHANNEL_") || name.startsWith("THREAD_")) return I.Guilds
  return 0
}
