/** The whole process at a Discord of our own: what is said there is known, and what is asked is answered once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Discord, type Options } from "../discord/Discord.ts"
import { call, inFolder, type Rtfm, until as untilAnswered } from "./Rtfm.ts"

const withDiscord = async (
  body: (discord: Discord, start: (env?: Record<string, string>) => Promise<Rtfm>) => Promise<void>,
  options: Options = {}
) => {
  const discord = await Discord.open(options)
  try {
    await inFolder((_, start) =>
      body(discord, (env = {}) => start({ ...discord.env, INGEST_OWN_DOCS: "false", ...env }))
    )
  } finally {
    await discord.stop()
  }
}

const until = <A>(discord: Discord, holds: () => A | undefined | false | null, what: string) =>
  Effect.runPromise(discord.until(holds, what))

describe("talking at Discord", () => {
  it("indexes what is said and answers a mention once, also after a kill", { timeout: 180_000 }, () =>
    withDiscord(async (discord, start) => {
      const ada = discord.user("ada")
      const guild = discord.guild({ members: [ada] })
      const general = guild.channel("general")
      const first = await start()
      await until(discord, () => discord.gateway.identifies > 0, "a session")
      ada.says(general, "The spare key of the archive hangs behind the green door.")
      await untilAnswered(
        () => call(first.url, "/api/status"),
        ({ body }) => body.knowledge.passages > 0
      )
      const question = ada.says(general, `${discord.bot} where hangs the spare key of the archive?`)
      const [answer] = await until(
        discord,
        () => discord.saidBy(discord.bot, general).length > 0 && discord.saidBy(discord.bot, general),
        `an answer:\n${first.output()}`
      )
      assert.strictEqual(answer!.reference?.messageId, question.id)
      assert.include(answer!.content, "behind the green door")
      await first.kill("SIGKILL")
      const again = ada.says(general, "!rtfm where hangs the spare key?")
      const second = await start()
      await until(
        discord,
        () => discord.saidBy(discord.bot, general).length > 1,
        `a second answer:\n${second.output()}`
      )
      const answers = discord.saidBy(discord.bot, general)
      assert.deepStrictEqual(
        answers.map(({ reference }) => reference?.messageId),
        [question.id, again.id]
      )
    })
  )

  it("forgets what is deleted and who asks for it, and takes back what quoted them", { timeout: 180_000 }, () =>
    withDiscord(async (discord, start) => {
      const [ada, bob] = [discord.user("ada"), discord.user("bob")]
      const guild = discord.guild({ members: [ada, bob] })
      const general = guild.channel("general")
      const rtfm = await start()
      await until(discord, () => discord.gateway.identifies > 0 && discord.commands().length > 0, "a session")
      const known = (count: number) =>
        untilAnswered(
          () => call(rtfm.url, "/api/status"),
          ({ body }) => body.knowledge.messages === count
        )
      const said = () => discord.saidBy(discord.bot, general).map(({ content }) => content)
      const key = ada.says(general, "The spare key of the archive hangs behind the green door.")
      ada.says(general, "The ladder of the library stands in the cellar next to the boiler.")
      await known(2)
      bob.says(general, `${discord.bot} where hangs the spare key of the archive?`)
      await until(discord, () => said().length === 1, `an answer:\n${rtfm.output()}`)
      assert.include(said()[0], "green door")
      ada.deletes(key)
      await until(discord, () => said()[0]?.includes("deleted since"), `the answer to be taken back:\n${rtfm.output()}`)
      assert.notInclude(said()[0], "green door")
      await known(1)

      const asked = ada.runs(general, "/rtfm forget-me")
      const receipt = await until(
        discord,
        () => !asked.thinking && asked.reply?.content,
        `a receipt:\n${rtfm.output()}`
      )
      assert.include(receipt, "1 before, 0 now")
      assert.strictEqual(asked.reply!.ephemeralFor, ada.id)
      ada.says(general, "The ladder of the library stands in the attic now.")
      bob.says(general, "The kettle of the kitchen stands on the left shelf.")
      await known(1)
      bob.says(general, `${discord.bot} where stands the ladder of the library?`)
      await until(discord, () => said().length === 2, "a second answer")
      assert.notMatch(said()[1]!, /cellar|attic/)
    })
  )

  it("ends with one sentence and a code of its own when Discord does not take the token", { timeout: 60_000 }, () =>
    withDiscord(async (discord, start) => {
      const wrong = start({ DISCORD_TOKEN: discord.token.replace(/.$/, "y") })
      const error = await wrong.then(
        ({ exited, output }) => exited.then((code) => `ended with ${code}\n${output()}`),
        (error: Error) => error.message
      )
      assert.match(error, /ended with 6/)
      assert.include(error, "Discord does not accept DISCORD_TOKEN: copy the bot's token again")
    })
  )
})
