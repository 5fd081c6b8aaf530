/** What an operator can set about Discord. */
import { Config, Schema } from "effect"
import * as Setting from "../../runtime/Setting.ts"

/** Three parts of letters and digits, of which the first is the bot's id. */
const Token = Schema.String.check(Schema.isPattern(/^[\w-]{10,}\.[\w-]{4,}\.[\w-]{20,}$/))
const ChannelIds = Schema.String.check(Schema.isPattern(/^\s*\d{15,20}(\s*,\s*\d{15,20})*\s*$/))

export const discordToken = Setting.optional("DISCORD_TOKEN", {
  description: "Token of the bot's application at Discord; absent: the page is the only place to talk",
  expected: "the token that https://discord.com/developers/applications shows under Bot, in three parts with dots",
  config: (name) => Config.map(Config.schema(Schema.RedactedFromValue(Token), name), (token) => token),
  secret: true
})

export const discordApiUrl = Setting.withDefault("DISCORD_API_URL", {
  description: "Base of Discord's API, for a proxy or a test server",
  expected: "an address such as https://discord.com/api",
  config: Config.URL,
  fallback: "https://discord.com/api",
  value: new URL("https://discord.com/api")
})

export const listenChannelIds = Setting.optional("LISTEN_CHANNEL_IDS", {
  description: "Channels of Discord, forums and threads included, that are listened to; absent: all it can read",
  expected: "ids of channels, separated by commas",
  config: (name) =>
    Config.map(
      Config.schema(ChannelIds, name),
      (ids) => new Set(ids.split(",").map((id) => id.trim())) as ReadonlySet<string>
    )
})

export const publicChannelIds = Setting.withDefault("PUBLIC_CHANNEL_IDS", {
  description: "Channels of Discord, with their threads, that callers of the page, the API and MCP may be shown",
  expected: "ids of channels, separated by commas",
  config: (name) =>
    Config.map(Config.schema(ChannelIds, name), (ids): ReadonlyArray<string> => [
      ...new Set(ids.split(",").map((id) => id.trim()))
    ]),
  fallback: "",
  value: []
})

export const longInThreads = Setting.withDefault("LONG_ANSWERS_IN_THREADS", {
  description: "Whether an answer of more than one message goes on in a thread at its first message",
  expected: "true or false",
  config: Config.Boolean,
  fallback: "false",
  value: false
})

export const humanRoleId = Setting.optional("HUMAN_ROLE_ID", {
  description: "Role of Discord that is called when somebody asks for a human; absent: nobody can be called",
  expected: "the id of a role",
  config: (name) => Config.schema(Schema.String.check(Schema.isPattern(/^\d{15,20}$/)), name)
})

export const solutionEmoji = Setting.withDefault("SOLUTION_EMOJI", {
  description: "Reaction by which who opened a thread, or one of TRUSTED_AUTHOR_IDS, says that a message solved it",
  expected: "an emoji, the name of one of the server's own, or off",
  config: (name) => Config.NonEmptyString(name).pipe(Config.map((emoji) => (emoji === "off" ? null : emoji))),
  fallback: "✅",
  value: "✅"
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [
  discordToken,
  discordApiUrl,
  listenChannelIds,
  publicChannelIds,
  longInThreads,
  humanRoleId,
  solutionEmoji
]
