/** What happens in the emulator, as lines for a terminal; messages get numbers to be named by. */
import { styleText } from "node:util"
import type { Discord } from "./Discord.ts"
import type { Json, Message } from "./Model.ts"

const dim = (text: string) => styleText("dim", text)

const button = (component: Json): string =>
  `[ ${[component["emoji"]?.name, component["label"]].filter((part) => part !== undefined).join(" ")} ]`

const leaves = (components: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  components.flatMap((one) => (one["components"] === undefined ? [one] : leaves(one["components"])))

const embed = (of: Json): ReadonlyArray<string> =>
  [
    of["title"],
    of["description"],
    ...(of["fields"] ?? []).map(({ name, value }: Json) => `${name}: ${value}`),
    of["footer"]?.text
  ]
    .filter((part): part is string => typeof part === "string")
    .flatMap((part) => part.split("\n"))
    .map((line) => `${styleText("cyan", "▌")} ${line}`)

export class Transcript {
  readonly #discord: Discord
  readonly #print: (line: string) => void
  readonly #numbers = new Map<string, number>()
  readonly #ephemeral = new Map<string, string>()
  readonly #byNumber: Array<Message> = []

  constructor(discord: Discord, print: (line: string) => void) {
    this.#discord = discord
    this.#print = print
  }

  /** Tells from now on what is said, changed, removed and reacted. */
  follow(): () => void {
    const { world } = this.#discord
    const stops = [
      world.onEvent(({ data, name }) => this.#happened(name, () => data(true))),
      world.onChange(() => this.#whispers())
    ]
    return () => stops.forEach((stop) => stop())
  }

  /** The message that was shown under a number. */
  message(number: number): Message | undefined {
    return this.#byNumber[number - 1]
  }

  #happened(name: string, data: () => Json) {
    if (name === "MESSAGE_CREATE" || name === "MESSAGE_UPDATE") {
      const message = this.#discord.world.messages.get(data()["id"])
      if (message !== undefined) this.#show(message, name === "MESSAGE_UPDATE")
    } else if (name === "MESSAGE_DELETE") this.#print(dim(`${this.#mark(data()["id"])} was deleted`))
    else if (name === "MESSAGE_REACTION_ADD") {
      const { emoji, message_id, user_id } = data()
      this.#print(dim(`${this.#name(user_id)} reacted to ${this.#mark(message_id)} with ${emoji.name}`))
    } else if (name === "TYPING_START" && data()["user_id"] === this.#discord.bot.id)
      this.#print(dim(`${this.#name(this.#discord.bot.id)} is typing …`))
    else if (name === "THREAD_CREATE") this.#print(dim(`the thread #${data()["name"]} was opened`))
  }

  /** What only one person sees is no event. */
  #whispers() {
    for (const { followUps, reply } of this.#discord.world.interactions.values())
      for (const message of [reply, ...followUps]) {
        if (message?.ephemeralFor === null || message === null) continue
        if (this.#ephemeral.get(message.id) === message.content) continue
        const seen = this.#ephemeral.has(message.id)
        this.#ephemeral.set(message.id, message.content)
        this.#show(message, seen)
      }
  }

  #show(message: Message, again: boolean) {
    const channel = this.#discord.world.channels.get(message.channelId)
    const where = channel?.guildId === null ? "direct message" : `#${channel?.name}`
    const alone = message.ephemeralFor === null ? "" : ` (only ${this.#name(message.ephemeralFor)} sees it)`
    const answers = message.reference === null ? "" : ` ↩ ${this.#mark(message.reference.messageId)}`
    const who = styleText(["bold", message.author.bot ? "green" : "blue"], message.author.username)
    const head = `${this.#mark(message.id, message)} ${who} ${dim(`in ${where}${alone}${answers}${again ? " ✎" : ""}`)}`
    const body = (message.flags & 128) === 0 ? message.content : dim("is thinking …")
    const buttons = leaves(message.components).map(button).join(" ")
    const files = message.attachments.map(({ file }) => dim(`📎 ${file.name}, ${file.size} bytes`))
    const lines = [...this.#names(body).split("\n"), ...message.embeds.flatMap(embed), ...files, buttons]
    this.#print([head, ...lines.filter((line) => line !== "").map((line) => `    ${line}`)].join("\n"))
  }

  #names(text: string): string {
    return text
      .replaceAll(/<@!?(\d+)>/g, (_, id: string) => `@${this.#name(id)}`)
      .replaceAll(/<#(\d+)>/g, (_, id: string) => `#${this.#discord.world.channels.get(id)?.name ?? id}`)
  }

  #name(id: string): string {
    return this.#discord.world.users.get(id)?.username ?? id
  }

  #mark(id: string, message?: Message): string {
    if (!this.#numbers.has(id) && message !== undefined) this.#numbers.set(id, this.#byNumber.push(message))
    return styleText("yellow", `${this.#numbers.get(id) ?? "?"}`)
  }
}
