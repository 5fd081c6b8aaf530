/** What is typed in a terminal, done in the emulator: `alice #general hello`, `/ask how?`, `react 3 ❓`. */
import type { Discord } from "./Discord.ts"
import type { Channel, HasId, Json, Message } from "./Model.ts"
import type { Person } from "./Person.ts"

export const help = `
alice #general how do I descale?   somebody says something; who and where are kept for the next line
@rtfm how?                         mentions the bot
/ask how do I descale?             a command; options as name:value, or the rest of the line for the first one
dm how?                            a direct message to the bot
reply 3 and then?                  answers message 3
edit 3 new text · delete 3 · react 3 ❓ · click 3 👍 · menu 3 Ask rtfm
thread 3 a name · post #help a title | a text
send {"why":"it is wrong"}         fills in the form that was the last answer
drop · down · up · invalid         what the gateway can do to the bot
people · channels · commands · help · quit
`.trim()

export class CommandLine {
  readonly #discord: Discord
  readonly #people: ReadonlyArray<Person>
  readonly #message: (number: number) => Message | undefined
  #who: Person
  #where: Channel

  constructor(
    discord: Discord,
    people: ReadonlyArray<Person>,
    start: HasId,
    message: (number: number) => Message | undefined
  ) {
    this.#discord = discord
    this.#people = people
    this.#message = message
    this.#who = people[0]!
    this.#where = discord.world.channel(start.id)
  }

  get prompt(): string {
    const { guildId, name } = this.#where
    return `${this.#who.name} ${guildId === null ? "→ rtfm" : `#${name}`} > `
  }

  /** Does what a line says, and returns what there is to tell, if anything; throws a sentence when it makes no sense. */
  run(line: string): string | undefined {
    const rest = this.#placed(line.trim())
    if (rest === "") return undefined
    const [word = "", ...words] = rest.split(" ")
    if (word.startsWith("/")) return this.#command(word, words)
    const action = this.#actions[word]
    if (action === undefined) this.#who.says(this.#where, this.#mentioned(rest))
    return action?.(words)
  }

  /** Takes who and where from the front of a line. */
  #placed(line: string): string {
    const [word = "", ...rest] = line.split(" ")
    const person = this.#people.find(({ name }) => name === word)
    if (person !== undefined) {
      this.#who = person
      return this.#placed(rest.join(" "))
    }
    if (!word.startsWith("#")) return line
    this.#where = this.#channel(word)
    return this.#placed(rest.join(" "))
  }

  #channel(name: string): Channel {
    const found = [...this.#discord.world.channels.values()].find((channel) => `#${channel.name}` === name)
    if (found === undefined) throw new Error(`There is no channel ${name}; see channels`)
    return found
  }

  #mentioned(text: string): string {
    const people = [...this.#people, this.#discord.bot]
    return text.replaceAll(/@(\w+)/g, (all, name: string) => people.find((one) => one.name === name)?.mention ?? all)
  }

  #of(words: ReadonlyArray<string>): { readonly message: Message; readonly text: string } {
    const [number = "", ...rest] = words
    const message = this.#message(Number(number))
    if (message === undefined) throw new Error(`There is no message "${number}"; its number stands before it`)
    return { message, text: rest.join(" ") }
  }

  readonly #actions: Record<string, (words: ReadonlyArray<string>) => string | undefined> = {
    help: () => help,
    people: () => this.#people.map(({ name }) => name).join(", "),
    channels: () => [...this.#discord.world.channels.values()].map(({ name }) => `#${name}`).join(", "),
    commands: () =>
      this.#discord
        .commands()
        .map(({ name, type }) => (type === 1 ? `/${name}` : `menu: ${name}`))
        .join(", "),
    dm: (words) => this.#quiet(() => this.#who.whispers(words.join(" "))),
    reply: (words) =>
      this.#with(words, (message, text) =>
        this.#who.says({ id: message.channelId }, this.#mentioned(text), { replyTo: message })
      ),
    edit: (words) => this.#with(words, (message, text) => this.#who.edits(message, text)),
    delete: (words) => this.#with(words, (message) => this.#who.deletes(message)),
    react: (words) => this.#with(words, (message, emoji) => this.#who.reacts(message, emoji)),
    click: (words) => this.#with(words, (message, button) => this.#who.clicks(message, button)),
    menu: (words) => this.#with(words, (message, command) => this.#who.usesOnMessage(message, command)),
    thread: (words) =>
      this.#with(words, (from, name) => (this.#where = this.#who.opensThread({ id: from.channelId }, name, { from }))),
    post: ([forum = "", ...words]) => this.#quiet(() => this.#posted(this.#channel(forum), words.join(" "))),
    send: (words) => this.#quiet(() => this.#sent(JSON.parse(words.join(" ")))),
    drop: () => this.#quiet(() => this.#discord.gateway.drop()),
    down: () => this.#quiet(() => this.#discord.gateway.goDown()),
    up: () => this.#quiet(() => this.#discord.gateway.goUp()),
    invalid: () => this.#quiet(() => this.#discord.gateway.invalidate())
  }

  #quiet(action: () => unknown): undefined {
    action()
  }

  #with(words: ReadonlyArray<string>, action: (message: Message, text: string) => unknown): undefined {
    const { message, text } = this.#of(words)
    action(message, text)
  }

  #posted(forum: Channel, text: string) {
    const [title = "", ...rest] = text.split("|")
    this.#where = this.#who.posts(forum, title.trim(), rest.join("|").trim() || title.trim())
  }

  #sent(fields: Record<string, string>) {
    const form = [...this.#discord.world.interactions.values()].findLast(({ modal }) => modal !== null)
    if (form === undefined) throw new Error("There is no form to fill in")
    this.#who.submits(form, fields)
  }

  /** `/ask how?`, `/ask question:how? private:true`, `/rtfm channel to:#general`. */
  #command(word: string, words: ReadonlyArray<string>): undefined {
    const path = [word]
    let defined: ReadonlyArray<Json> =
      this.#discord.commands().find(({ name }) => `/${name}` === word)?.["options"] ?? []
    let rest = words
    while (defined.some(({ name, type }) => type <= 2 && name === rest[0])) {
      path.push(rest[0]!)
      defined = defined.find(({ name }) => name === rest[0])!["options"] ?? []
      rest = rest.slice(1)
    }
    this.#who.runs(this.#where, path.join(" "), this.#options(defined, rest.join(" ")))
  }

  #options(defined: ReadonlyArray<Json>, text: string): Record<string, string | number | boolean | HasId> {
    const named = [...text.matchAll(/(?:^|\s)([\w-]+):(.*?)(?=\s[\w-]+:|$)/g)].filter(([, name]) =>
      defined.some((one) => one["name"] === name)
    )
    if (named.length === 0)
      return text === "" || defined[0] === undefined ? {} : { [defined[0]["name"]]: this.#value(defined[0], text) }
    return Object.fromEntries(
      named.map(([, name, value]) => [
        name!,
        this.#value(
          defined.find((one) => one["name"] === name)!,
          value!.trim()
        )
      ])
    )
  }

  #value({ type }: Json, text: string): string | number | boolean | HasId {
    if (type === 4 || type === 10) return Number(text)
    if (type === 5) return text === "true"
    if (type === 7) return this.#channel(text)
    if (type === 6) return this.#people.find(({ name }) => name === text.replace("@", "")) ?? text
    return text
  }
}
