/** `node scripts/discordPictures.ts`: the pictures of docs/DISCORD.md, of the bot in a Discord of our own, drawn in a real browser. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { type Browser, chromium } from "playwright-core"
import { Discord } from "../test/discord/Discord.ts"
import type { HasId, Interaction, Message } from "../test/discord/Model.ts"
import type { Person } from "../test/discord/Person.ts"
import { html, type Scene } from "./discord/Look.ts"
import { readyAt } from "./readyAt.ts"

const out = resolve("docs/pictures")

const until = <A>(discord: Discord, holds: () => A | undefined | false | null, what: string) =>
  Effect.runPromise(discord.until(holds, what))

/** Waits until so many messages of people are known. */
const known = async (url: string, messages: number): Promise<void> => {
  while (true) {
    const { knowledge } = (await (await fetch(`${url}/api/status`)).json()) as any
    if (knowledge.messages >= messages && knowledge.documents > 0) return
    await wait(200)
  }
}

const browsers = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"]
const launch = (): Promise<Browser> => {
  const executablePath = browsers.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) throw new Error("Name a Chrome or Chromium in CHROMIUM_PATH")
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"] })
}

/** Plays every trigger and command, and gives back what is seen of each, as pages. */
const play = async (discord: Discord, url: string, cast: { ada: Person; bob: Person; guild: any }) => {
  const { ada, bob, guild } = cast
  const pages = new Map<string, string>()
  /** As it is now: what comes later may change what was said before. */
  const seen = (name: string, scene: Scene) => pages.set(name, html(discord, scene))
  const answersIn = (place: HasId) => discord.saidBy(discord.bot, place)
  /** What the bot says next in a place, whole. */
  const answerIn = async (place: HasId, what: string, act: () => Message | void) => {
    const before = answersIn(place).length
    const question = act()
    await until(
      discord,
      () => answersIn(place).length > before && (answersIn(place).at(-1)?.components.length ?? 0) > 0,
      what
    )
    return { question, answer: answersIn(place).at(-1)! }
  }
  const replyTo = async (interaction: Interaction, what: string) => {
    await until(discord, () => !interaction.thinking && interaction.reply, what)
    await wait(300)
    return interaction.reply!
  }
  const channel = (name: string) => guild.channel(name)

  const general = channel("general")
  ada.says(general, "The staging cluster is restarted with `make staging-restart`, and that takes two minutes.")
  bob.says(general, "Invoices are sent on the first working day of the month.")
  await known(url, 2)

  const place = channel("help")
  const typed = await answerIn(place, "!rtfm", () => ada.says(place, "!rtfm how do I restart the staging cluster?"))
  seen("command", { heading: "help", messages: [typed.question as Message, typed.answer] })
  const again = await answerIn(place, "a reply", () =>
    bob.says(place, "and how long does the restart of the staging cluster take?", { replyTo: typed.answer })
  )
  seen("reply", { heading: "help", messages: [again.question as Message, again.answer] })

  const office = channel("office")
  const mention = await answerIn(office, "a mention", () => bob.says(office, `${discord.bot} when are invoices sent?`))
  seen("mention", { heading: "office", messages: [mention.question as Message, mention.answer] })

  const asks = ada.says(office, "when are invoices sent, does anybody know?")
  const under = await answerIn(office, "a mention in a reply", () =>
    bob.says(office, `${discord.bot}`, { replyTo: asks })
  )
  seen("mention-in-reply", { heading: "office", messages: [asks, under.question as Message, under.answer] })

  const support = channel("support")
  const marked = ada.says(support, "how do I ingest a folder of documents?")
  const mark = await answerIn(support, "a question mark", () => bob.reacts(marked, "❓"))
  seen("reaction", { heading: "support", messages: [marked, mark.answer] })

  const starter = discord.saidBy(discord.bot, support).at(-1)!
  const opened = await fetch(`${discord.url}/v10/channels/${support.id}/messages/${starter.id}/threads`, {
    method: "POST",
    headers: {
      authorization: `Bot ${discord.token}`,
      "content-type": "application/json",
      "user-agent": "DiscordBot (https://example.com, 1)"
    },
    body: JSON.stringify({ name: "Restarting staging", auto_archive_duration: 1440 })
  })
  if (!opened.ok) throw new Error(`no thread: ${opened.status} ${await opened.text()}`)
  const thread = (await opened.json()) as HasId
  const inThread = await answerIn(thread, "a thread", () => ada.says(thread, "how is the staging cluster restarted?"))
  seen("thread", { heading: "Restarting staging", messages: [inThread.question as Message, inThread.answer] })

  const direct = await answerIn(ada.direct, "a direct message", () => ada.whispers("when are invoices sent?"))
  seen("direct", { heading: "@rtfm", messages: [direct.question as Message, direct.answer] })

  const run = async (name: string, who: Person, where: HasId, what: string, options: Record<string, unknown> = {}) => {
    const [path, shown] = [what.split(" — ")[0]!, what.replace(" — ", " ")]
    const reply = await replyTo(who.runs(where, path, options as never), what)
    seen(name, { heading: "help", messages: [reply], used: new Map([[reply.id, { by: who.name, what: shown }]]) })
  }
  await run("ask", ada, place, "/ask — how do I restart the staging cluster?", {
    question: "how do I restart the staging cluster?"
  })
  await run("ask-private", ada, place, "/ask — when are invoices sent?", {
    question: "when are invoices sent?",
    private: true
  })
  const onMessage = await replyTo(bob.usesOnMessage(asks, "Ask rtfm"), "Ask rtfm")
  seen("ask-rtfm", {
    heading: "office",
    messages: [asks, onMessage],
    used: new Map([[onMessage.id, { by: bob.name, what: "Ask rtfm" }]])
  })
  const clicked = await replyTo(ada.clicks(typed.answer, "Sources"), "sources")
  seen("sources-button", { heading: "help", messages: [typed.answer, clicked] })
  await run("status", ada, place, "/rtfm status")
  await run("sources", ada, place, "/rtfm sources")
  await run("privacy", ada, place, "/rtfm privacy")
  const auto = channel("questions")
  const switching = await replyTo(ada.runs(auto, "/rtfm channel", { mode: "automatic" } as never), "/rtfm channel")
  seen("channel", {
    heading: "questions",
    messages: [switching],
    used: new Map([[switching.id, { by: ada.name, what: "/rtfm channel automatic" }]])
  })
  await wait(1_000)
  const automatic = await answerIn(auto, "automatic", () => bob.says(auto, "how do I restart the staging cluster?"))
  seen("automatic", { heading: "questions", messages: [automatic.question as Message, automatic.answer] })

  const echoed = ada.runs(place, "/echo", { text: "The kitchen is closed on Friday." } as never)
  const said = () => answersIn(place).find(({ content }) => content.includes("kitchen is closed"))
  const echo = await until(discord, said, "/echo")
  seen("echo", {
    heading: "help",
    messages: [...(echoed.reply === null ? [] : [echoed.reply]), echo],
    used: new Map(echoed.reply === null ? [] : [[echoed.reply.id, { by: ada.name, what: "/echo" }]])
  })

  const livingIn = channel("archive")
  const fact = bob.says(livingIn, "The spare key of the archive hangs behind the green door.")
  await known(url, 3)
  const living = await answerIn(livingIn, "an answer", () =>
    ada.says(livingIn, "!rtfm where is the spare key of the archive?")
  )
  bob.deletes(fact)
  await until(discord, () => living.answer.content.includes("deleted since"), "the answer to change")
  seen("deleted", { heading: "archive", messages: [living.question as Message, living.answer] })

  await run("forget-me", bob, place, "/rtfm forget-me")
  return pages
}

const main = async () => {
  mkdirSync(out, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), "rtfm-pictures-"))
  const discord = await Discord.open()
  const env = { ...process.env, ...discord.env, DATA_DIR: folder, PORT: "0", LOG_LEVEL: "warn" }
  const child = spawn(process.execPath, [resolve("src/cli.ts"), "start"], { env, stdio: ["ignore", "pipe", "inherit"] })
  const browser = await launch()
  try {
    const [ada, bob] = [discord.user("Ada"), discord.user("Bob")]
    const guild = discord.guild({ name: "Brew", owner: ada, members: [ada, bob] })
    const url = await readyAt(child)
    await until(discord, () => discord.gateway.identifies > 0 && discord.commands().length > 0, "a session")
    const pages = await play(discord, url, { ada, bob, guild })
    const page = await browser.newPage({ viewport: { width: 680, height: 900 } })
    for (const [name, content] of pages) {
      await page.setContent(content)
      await page.locator("main").screenshot({ path: join(out, `discord-${name}.png`) })
      console.log(`discord-${name}.png`)
    }
  } finally {
    await browser.close()
    child.kill("SIGTERM")
    await discord.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
