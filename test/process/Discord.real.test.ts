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

describe("rtfm at Discord", () => {
  it("indexes what is said and answers a mention once, also after a kill", { timeout: 180_000 }, () =>
    withDiscord(async (discord, start) => {
      const ada = discord.user("ada")
      const guild = discord.guild({ members: [ada] })
      const general = guild.channel("general")
      const first = await start()
      await until(discord, () => discord.gateway.connections > 0, "a connection")
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
})
