/** A client of Discord that does nothing but listen, to compare with: `core` or `discord.js`; tells its parent how it is. */
import { Client as CoreClient } from "@discordjs/core"
import { REST } from "@discordjs/rest"
import { WebSocketManager } from "@discordjs/ws"
import { GatewayDispatchEvents, GatewayIntentBits as I } from "discord-api-types/v10"

const token = process.env["DISCORD_TOKEN"]!
const api = process.env["DISCORD_API_URL"]!
const intents = I.Guilds | I.GuildMessages | I.MessageContent | I.GuildMessageReactions | I.DirectMessages

let messages = 0
setInterval(() => void process.send!({ messages, rss: process.memoryUsage.rss() }), 20)
// What is left over after collecting is what it needs.
setInterval(() => (globalThis as { gc?: () => void }).gc?.(), 2_000)

if (process.argv[2] === "core") {
  const rest = new REST({ api }).setToken(token)
  const gateway = new WebSocketManager({ token, intents, rest })
  const client = new CoreClient({ rest, gateway })
  client.on(GatewayDispatchEvents.MessageCreate, () => void messages++)
  await gateway.connect()
} else {
  const { Client } = await import("discord.js")
  const client = new Client({ intents, rest: { api } })
  client.on("messageCreate", () => void messages++)
  await client.login(token)
}
