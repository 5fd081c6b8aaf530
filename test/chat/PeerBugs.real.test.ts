/** What went wrong with other bots does not go wrong with this one: the whole process in a Discord of our own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll } from "vitest"
import { Discord } from "../discord/Discord.ts"
import type { HasId, Message } from "../discord/Model.ts"
import type { Person } from "../discord/Person.ts"
import type { Place } from "../discord/Server.ts"
import { call, inFolder, newFolder, removeFolder, type Rtfm, run, start, until } from "../process/Rtfm.ts"

const quiet = { INGEST_OWN_DOCS: "false" }

/** Every text that can be found, with the message it is of. */
const known = (folder: string): ReadonlyArray<{ readonly messageId: string; readonly text: string }> => {
  const database = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    const rows = database.prepare("SELECT message_id, text FROM passages WHERE message_id IS NOT NULL").all()
    return rows.map(({ message_id, text }) => ({ messageId: String(message_id), text: String(text) }))
  } finally {
    database.close()
  }
}

/** The bot in a server of its own with some people. */
const newWorld = async () => {
  const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
  const [alice, bob] = ["alice", "bob"].map((name) => discord.user(name)) as [Person, Person]
  const guild = discord.guild({ name: "Brew", members: [alice, bob] })
  const when = <A>(holds: () => A | undefined | false | null, what: string) =>
    Effect.runPromise(discord.until(holds, what, "100 seconds"))
  const repliesTo = ({ channelId, id }: Message) =>
    discord.saidBy(discord.bot, { id: channelId }).filter(({ reference }) => reference?.messageId === id)
  /** The answer to a question once it is whole: then it has buttons. */
  const answerTo = (question: Message) =>
    when(() => repliesTo(question).find(({ components }) => components.length > 0), `an answer to: ${question.content}`)
  const ask = (person: Person, place: HasId, text: string) => person.says(place, `${discord.bot} ${text}`)
  return { discord, alice, bob, guild, when, repliesTo, answerTo, ask }
}

type World = Awaited<ReturnType<typeof newWorld>>

const connected = ({ discord, when }: World, sessions: number) =>
  when(() => discord.gateway.identifies + discord.gateway.resumes >= sessions, `session ${sessions}`)

const urlsIn = (text: string) => [...text.matchAll(/https?:\/\/[^\s)>]+/g)].map(([url]) => url)
const linkTo = ({ discord, guild }: World, { channelId, id }: Message) => {
  const thread = discord.world.channels.get(channelId)
  return `https://discord.com/channels/${thread?.guildId ?? guild.id}/${channelId}/${id}`
}

describe("in one server", () => {
  let world: World
  let folder: string
  let process: Rtfm

  beforeAll(async () => {
    world = await newWorld()
    folder = newFolder()
    process = await start({ folder, env: { ...quiet, ...world.discord.env } })
    await connected(world, 1)
  })
  afterAll(async () => {
    await process.kill("SIGKILL")
    await world.discord.stop()
    removeFolder(folder)
  })

  const isKnown = (text: string) => until(() => known(folder).some((one) => one.text.includes(text)), Boolean)
  const isGone = (text: string) =>
    until(
      () => known(folder).some((one) => one.text.includes(text)),
      (it) => !it
    )
  const publish = (channel: HasId, text: string) =>
    call(process.url, "/api/topics/discord_responses/records", {
      json: { records: [{ key: channel.id, value: JSON.stringify({ channelId: channel.id, text }) }] }
    })

  it("everyone is not the bot, and nobody is called by what it repeats", async () => {
    const { alice, answerTo, ask, bob, discord, guild, when } = world
    const channel = guild.channel("everyone")
    const team = guild.role("team", { mentionable: true })
    guild.give(discord.bot, guild.role("callers", { permissions: ["MentionEveryone"] }))
    alice.says(channel, `@everyone <@&${team.id}> ${bob} the boiler of kitchen seven is cleaned on Fridays at noon.`)
    await isKnown("kitchen seven")
    const answer = await answerTo(ask(bob, channel, "When is the boiler of kitchen seven cleaned?"))
    assert.include(answer.content, "Fridays")
    await publish(channel, `@everyone @here <@&${team.id}> ${alice} lunch`)
    await when(() => discord.saidBy(discord.bot, channel).length === 2, "what was published")
    for (const { content, pings } of discord.saidBy(discord.bot, channel))
      assert.deepStrictEqual(pings, { everyone: false, roles: [], users: [] }, content)
  })

  it("another bot asks nothing, whatever it writes", async () => {
    const { alice, answerTo, ask, discord, guild } = world
    const channel = guild.channel("bots")
    const other = discord.user("other", { bot: true })
    guild.join(other)
    const first = await answerTo(ask(alice, channel, "Who are you?"))
    other.says(channel, "I can help, too", { replyTo: first })
    other.says(channel, `${discord.bot} who are you?`)
    other.says(channel, "!rtfm who are you?")
    // A channel's messages are handled in order: once this is answered, the others would have been.
    await answerTo(ask(alice, channel, "And now?"))
    assert.strictEqual(discord.saidBy(discord.bot, channel).length, 2)
  })

  it("a long text with code arrives whole, in parts that each are well formed", async () => {
    const { discord, guild, when } = world
    const channel = guild.channel("long")
    const code = Array.from({ length: 120 }, (_, i) => `const line${i} = "${"x".repeat(20)}"`)
    const prose = Array.from(
      { length: 20 },
      (_, i) => `Paragraph ${i} says something about the machine and its manual.`
    )
    const text = [...prose, "```ts", ...code, "```", "The end."].join("\n")
    assert.isAbove(text.length, 5000)
    await publish(channel, text)
    await when(() => discord.messagesIn(channel).at(-1)?.content.endsWith("The end."), "the end")
    const parts = discord.messagesIn(channel).map(({ content }) => content)
    for (const part of parts) {
      assert.isAtMost([...part].length, 2000)
      assert.strictEqual(part.split("\n").filter((line) => line.startsWith("```")).length % 2, 0, part)
    }
    const lines = parts.flatMap((part) => part.split("\n")).filter((line) => line !== "" && !line.startsWith("```"))
    assert.deepStrictEqual(lines, [...prose, ...code, "The end."])
  })

  it("replies and posts are known; edits replace, and what is deleted is gone", async () => {
    const { alice, answerTo, ask, bob, guild } = world
    const channel = guild.channel("archive")
    const forum = guild.forum("help")
    const post = alice.posts(forum, "Grinder jams", "The grinder jams when the beans are oily.")
    const question = alice.says(channel, "Does anybody know the code of the archive?")
    const reply = bob.says(channel, "The code of the archive is kelp-4711.", { replyTo: question })
    await isKnown("beans are oily")
    await isKnown("kelp-4711")
    bob.edits(reply, "The code of the archive is kelp-4712.")
    await isKnown("kelp-4712")
    assert.isFalse(known(folder).some(({ text }) => text.includes("kelp-4711")))
    assert.include((await answerTo(ask(alice, channel, "What is the code of the archive?"))).content, "kelp-4712")
    assert.include((await answerTo(ask(bob, post, "When does the grinder jam?"))).content, "oily")
    bob.deletes(reply)
    await isGone("kelp-4712")
    assert.notInclude((await answerTo(ask(alice, channel, "What is the code of the archive, please?"))).content, "kelp")
  })

  it("what is said in another server, or in private, stays there", async () => {
    const { alice, answerTo, ask, bob, discord, guild } = world
    const [open, secret] = [guild.channel("open"), guild.channel("secret", { private: [alice] })]
    const elsewhere = discord.guild({ name: "Elsewhere", members: [alice, bob] }).channel("general")
    alice.says(secret, "The combination of the wine safe is 38-14-27.")
    alice.says(elsewhere, "The combination of the wine safe is 99-98-97.")
    await isKnown("38-14-27")
    await isKnown("99-98-97")
    const question = "What is the combination of the wine safe?"
    const publicly = await answerTo(ask(bob, open, question))
    assert.notMatch(publicly.content, /38-14-27|99-98-97/)
    const alone = await answerTo(ask(alice, secret, question))
    assert.include(alone.content, "38-14-27")
    assert.notInclude(alone.content, "99-98-97")
  })

  it("what is not known is said to be unknown, and every link is a source's", async () => {
    const { alice, answerTo, ask, guild } = world
    const channel = guild.channel("sources")
    const source = alice.says(channel, "The roaster's drum is greased with 12 g of Molykote every 500 hours.")
    await isKnown("Molykote")
    const answer = await answerTo(ask(alice, channel, "How is the roaster's drum greased?"))
    assert.deepStrictEqual([...new Set(urlsIn(answer.content))], [linkTo(world, source)])
    const unknown = await answerTo(ask(alice, channel, "Which airspeed has an unladen swallow over Númenor?"))
    assert.match(unknown.content, /don't know/)
    for (const url of urlsIn(unknown.content)) assert.notMatch(url, /example|docs\./)
  })

  it("its own answers are no evidence", async () => {
    const { alice, answerTo, ask, discord, guild } = world
    const channel = guild.channel("echo")
    alice.says(channel, "The tea kettle boils at ninety-four degrees on the roof.")
    await isKnown("tea kettle")
    for (const _ of [1, 2]) await answerTo(ask(alice, channel, "At how many degrees does the tea kettle boil?"))
    // A channel's messages become known in order.
    alice.says(channel, "The last word is pomegranate.")
    await isKnown("pomegranate")
    const own = new Set(
      discord.world.messages
        .values()
        .filter(({ author }) => author.id === discord.bot.id)
        .map(({ id }) => id)
    )
    assert.isAbove(own.size, 2)
    assert.deepStrictEqual(
      known(folder).filter(({ messageId }) => own.has(messageId)),
      []
    )
  })

  it("a command is acknowledged in time while a crowd talks", async () => {
    const { alice, bob, discord, guild, when } = world
    await when(() => discord.commands().some(({ name }) => name === "ask"), "the commands")
    const place: Place = guild.channel("crowd")
    const asked = Array.from({ length: 20 }, (_, n) => {
      for (let i = 0; i < 25; i++) bob.says(place, `The crowd says ${n} and ${i}, and goes on talking.`)
      return alice.runs(place, "/ask", { question: `What does the crowd say about ${n}?` })
    })
    await when(() => asked.every((one) => one.acknowledgedAfter !== null || discord.failed(one)), "twenty commands")
    assert.deepStrictEqual(
      asked.filter((one) => discord.failed(one)),
      []
    )
    assert.isBelow(Math.max(...asked.map(({ acknowledgedAfter }) => acknowledgedAfter!)), 3000)
    await when(() => asked.every(({ reply, thinking }) => !thinking && reply!.content !== ""), "twenty answers")
  })
})

/** A world whose process may come and go. */
const comingAndGoing = (
  body: (world: World, folder: string, start: (env?: Record<string, string>) => Promise<Rtfm>) => Promise<void>
) =>
  inFolder(async (folder, start) => {
    const world = await newWorld()
    try {
      await body(world, folder, (env = {}) => start({ ...quiet, ...world.discord.env, ...env }))
    } finally {
      await world.discord.stop()
    }
  })

describe("when the process comes and goes", () => {
  it(
    "what was said meanwhile is read, however often that is interrupted, each message once",
    { timeout: 300_000 },
    () =>
      comingAndGoing(async (world, folder, start) => {
        const { bob, discord, guild } = world
        const places = ["a", "b", "c"].map((name) => guild.channel(name))
        const first = await start()
        await connected(world, 1)
        bob.says(places[0]!, "The code of locker 0 is zq0.")
        await until(
          () => known(folder).length,
          (count) => count === 1
        )
        await first.kill("SIGTERM")
        discord.gateway.forgetSessions()
        const count = 750
        for (let n = 1; n < count; n++) bob.says(places[n % 3]!, `The code of locker ${n} is zq${n}.`)
        for (const enough of [1, 150, 400]) {
          const process = await start()
          await until(
            () => known(folder).length,
            (found) => found > enough,
            60
          )
          await process.kill("SIGKILL")
          discord.gateway.forgetSessions()
        }
        await start()
        await until(
          () => known(folder).length,
          (found) => found >= count,
          60
        )
        const words = known(folder).map(({ text }) => /zq\d+/.exec(text)?.[0])
        assert.deepStrictEqual(words.toSorted(), Array.from({ length: count }, (_, n) => `zq${n}`).toSorted())
      })
  )

  it("a backfill that is killed goes on where it was, without gaps or repeats", { timeout: 300_000 }, () =>
    comingAndGoing(async (world, folder, start) => {
      const { bob, discord, guild } = world
      const places = ["a", "b", "c"].map((name) => guild.channel(name))
      const count = 750
      const long = Date.now() - 30 * 86_400_000
      for (let n = 0; n < count; n++)
        bob.says(places[n % 3]!, `The code of locker ${n} is zq${n}.`, { at: long + n * 1000 })
      await start()
      await connected(world, 1)
      const backfill = () => run({ folder, args: ["backfill"], env: { ...quiet, ...discord.env } })
      for (const enough of [1, 300]) {
        const { child, exited } = backfill()
        await until(
          () => known(folder).length,
          (found) => found > enough,
          60
        )
        child.kill("SIGKILL")
        await exited
      }
      const last = backfill()
      assert.strictEqual(await last.exited, 0, last.output())
      await until(
        () => known(folder).length,
        (found) => found >= count,
        60
      )
      const words = known(folder).map(({ text }) => /zq\d+/.exec(text)?.[0])
      assert.deepStrictEqual(words.toSorted(), Array.from({ length: count }, (_, n) => `zq${n}`).toSorted())
    })
  )

  it("a question of an outage is answered once", { timeout: 180_000 }, () =>
    comingAndGoing(async (world, folder, start) => {
      const { alice, answerTo, ask, bob, discord, guild, repliesTo } = world
      const channel = guild.channel("general")
      const first = await start()
      await connected(world, 1)
      bob.says(channel, "The spare key hangs behind the green door.")
      await until(
        () => known(folder).length,
        (count) => count === 1
      )
      await first.kill("SIGKILL")
      discord.gateway.forgetSessions()
      const asked = ["Where hangs the spare key?", "Which door hides the spare key?"].map((text) =>
        ask(alice, channel, text)
      )
      const second = await start()
      for (const question of asked) assert.include((await answerTo(question)).content, "green door")
      await second.kill("SIGKILL")
      discord.gateway.forgetSessions()
      await start()
      await answerTo(ask(alice, channel, "Where is the spare key?"))
      assert.deepStrictEqual(
        asked.map((question) => repliesTo(question).length),
        [1, 1]
      )
    })
  )

  it("what somebody thinks of an answer is kept with it", { timeout: 180_000 }, () =>
    comingAndGoing(async (world, folder, start) => {
      const { alice, answerTo, ask, bob, guild } = world
      const channel = guild.channel("general")
      const first = await start()
      await connected(world, 1)
      bob.says(channel, "The spare key hangs behind the green door.")
      await until(
        () => known(folder).length,
        (count) => count === 1
      )
      const question = ask(alice, channel, "Where hangs the spare key?")
      const answer = await answerTo(question)
      const clicked = alice.clicks(answer, "👎")
      await Effect.runPromise(world.discord.until(() => clicked.modal, "a form for the reason"))
      alice.submits(clicked, { reason: "It was moved" })
      const opinions = (process: Rtfm) =>
        until(
          () => call(process.url, `/api/feedback/answer-${question.id}`),
          ({ body }) => body[0]?.reason !== undefined
        )
      const { body } = await opinions(first)
      assert.deepInclude(body[0], { by: alice.id, verdict: "unhelpful", reason: "It was moved" })
      await first.kill("SIGKILL")
      assert.deepStrictEqual((await opinions(await start())).body, body)
    })
  )

  it("somebody who asks is answered, even when the language model is away", { timeout: 180_000 }, () =>
    comingAndGoing(async (world, folder, start) => {
      const { alice, answerTo, ask, bob, guild } = world
      const channel = guild.channel("general")
      await start({ GEMINI_API_KEY: "key", GEMINI_BASE_URL: "http://127.0.0.1:1" })
      await connected(world, 1)
      bob.says(channel, "The spare key hangs behind the green door.")
      await until(
        () => known(folder).length,
        (count) => count === 1
      )
      assert.include((await answerTo(ask(alice, channel, "Where hangs the spare key?"))).content, "green door")
    })
  )
})
