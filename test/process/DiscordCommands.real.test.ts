/** What the command line does at a Discord of our own: backfill, forget, doctor, and what is said when something is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Discord, type Options } from "../discord/Discord.ts"
import { forFile } from "../fixtures/KafkaServer.ts"
import * as S3Server from "../fixtures/S3Server.ts"
import { golden } from "../golden/golden.ts"
import { call, inFolder, newFolder, removeFolder, run, until } from "./Rtfm.ts"

const store = forFile(S3Server.make)

const withDiscord = async (body: (discord: Discord, folder: string) => Promise<void>, options: Options = {}) => {
  const discord = await Discord.open(options)
  const folder = newFolder()
  try {
    await body(discord, folder)
  } finally {
    await discord.stop()
    removeFolder(folder)
  }
}

const rtfm = async (folder: string, env: Record<string, string>, ...args: ReadonlyArray<string>) => {
  const { exited, output } = run({ folder, env, args })
  return { code: await exited, output: output() }
}

describe("rtfm at Discord, from the command line", () => {
  it("reads what was said before it came, once, and forgets who asks", { timeout: 180_000 }, () =>
    withDiscord(async (discord, folder) => {
      const [ada, bob] = [discord.user("ada"), discord.user("bob")]
      const guild = discord.guild({ members: [ada, bob] })
      const [general, forum] = [guild.channel("general"), guild.forum("help")]
      for (let n = 0; n < 150; n++) ada.says(general, `A fact of number ${n} about the archive.`)
      const thread = ada.opensThread(general, "old")
      bob.says(thread, "Said in a thread that is archived now.")
      discord.place(thread).archive()
      bob.posts(forum, "It leaks", "The pump leaks from the left side.")
      const first = await rtfm(folder, discord.env, "backfill")
      assert.strictEqual(first.code, 0, first.output)
      assert.include(first.output, "152 messages read")
      const second = await rtfm(folder, discord.env, "backfill")
      assert.include(second.output, "0 messages read")
      await inFolder(async (_, start) => {
        const process = await start({ ...discord.env, INGEST_OWN_DOCS: "false", DATA_DIR: `${folder}/data` })
        const known = (count: number) =>
          until(
            () => call(process.url, "/api/status"),
            ({ body }) => body.knowledge.messages === count,
            60
          )
        await known(152)
        const forgotten = await rtfm(folder, discord.env, "forget", "--user", ada.id, "--json")
        assert.strictEqual(forgotten.code, 0, forgotten.output)
        const receipt = JSON.parse(forgotten.output) as { before: { messages: number }; after: { messages: number } }
        assert.deepStrictEqual([receipt.before.messages, receipt.after.messages], [150, 0])
        await known(2)
      })
    })
  )

  it("says in one sentence what is wrong, and where the bot is invited", { timeout: 300_000 }, () =>
    withDiscord(
      async (discord, folder) => {
        const lines = async (env: Record<string, string>, wanted = "discord") => {
          const { output } = await rtfm(folder, { ...discord.env, ...env }, "doctor", "--json")
          const findings = JSON.parse(output) as ReadonlyArray<{ check: string; detail: string }>
          const { detail } = findings.find(({ check }) => check === wanted)!
          return detail.replaceAll(discord.bot.id, "<id>").replaceAll(/127\.0\.0\.1:\d+/g, "<store>")
        }
        const { env: keys } = store()
        const said = {
          "no token": await lines({ DISCORD_TOKEN: "" }),
          "a token that is not accepted": await lines({ DISCORD_TOKEN: discord.token.replace(/.$/, "y") }),
          "without the intent, and a channel that is not there": await lines({
            LISTEN_CHANNEL_IDS: "123456789012345678"
          }),
          "no store for files": await lines({}, "files"),
          "a store for files": await lines(keys, "files"),
          "a key of the store that is not accepted": await lines({ ...keys, MINIO_ACCESS_KEY: "expired" }, "files"),
          "a secret of the store that is not accepted": await lines({ ...keys, MINIO_SECRET_KEY: "old" }, "files"),
          "a store that is not there": await lines({ ...keys, MINIO_URL: "http://127.0.0.1:9" }, "files"),
          "a store without its keys": await lines({ MINIO_URL: "http://127.0.0.1:9" }, "settings")
        }
        const text = Object.entries(said).map(([name, sentence]) => `${name}\n  ${sentence}\n`)
        await Effect.runPromise(golden("discord.txt", text.join("\n")))
      },
      { messageContent: false }
    )
  )
})
