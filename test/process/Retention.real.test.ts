/** What is older than the limit of its server leaves the whole process by itself: index, windows, vectors, files, answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as S3 from "../../src/files/S3.ts"
import { Discord } from "../discord/Discord.ts"
import { file } from "../discord/Media.ts"
import { forFile } from "../fixtures/KafkaServer.ts"
import * as S3Server from "../fixtures/S3Server.ts"
import { call, inFolder, until } from "./Rtfm.ts"

const server = forFile(S3Server.make)
const day = 24 * 3600 * 1000

/** Passages and windows that hold a word. */
const holding = (folder: string, word: string): number => {
  const database = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    const count = (table: string) =>
      Number(database.prepare(`SELECT count(*) AS n FROM ${table} WHERE text LIKE ?`).get(`%${word}%`)!["n"])
    return count("passages") + count("chunks")
  } finally {
    database.close()
  }
}

describe("/rtfm retention", () => {
  it("lets what is older leave by itself, in the servers that set it, and keeps the rest", { timeout: 240_000 }, () =>
    inFolder(async (folder, start) => {
      const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
      try {
        const [ada, boss] = [discord.user("ada"), discord.user("boss")]
        const [one, other] = [
          discord.guild({ members: [ada], owner: boss }),
          discord.guild({ members: [ada], owner: boss })
        ]
        const [general, elsewhere] = [one.channel("general"), other.channel("general")]
        const env = { ...discord.env, ...server().env, BUCKET_NAME: "retention", INGEST_OWN_DOCS: "false" }
        const { url } = await start(env)
        await Effect.runPromise(discord.until(() => discord.gateway.identifies === 1))
        const before = (days: number) => ({ at: Date.now() - days * day })
        const text = "The keyword of the cellar is xylophone."
        ada.says(general, text, { ...before(40), files: [file("a.txt", "The keyword of the attic is marimba.")] })
        ada.says(general, "The keyword of the garage is trombone.", before(20))
        ada.says(general, "The keyword of the kitchen is accordion.")
        ada.says(elsewhere, "The keyword of the office is clarinet.", before(400))
        const counts = () =>
          ["xylophone", "marimba", "trombone", "accordion", "clarinet"].map((word) => holding(folder, word))
        await until(counts, (all) => all.every((count) => count === 2), 60)
        const vectors = async () => (await call(url, "/api/status")).body.knowledge
        await until(vectors, ({ waiting }) => waiting === 0, 60)
        const asked = ada.says(general, `${discord.bot} What is the keyword of the cellar?`)
        const answers = () =>
          discord.saidBy(discord.bot, general).filter(({ reference }) => reference?.messageId === asked.id)
        await until(
          () => answers()[0]?.content ?? "",
          (content) => content.includes("xylophone"),
          60
        )

        const refused = ada.runs(general, "/rtfm retention", { days: 1 })
        await Effect.runPromise(discord.until(() => refused.reply !== null))
        assert.include(refused.reply!.content, "manage the server")
        const set = boss.runs(general, "/rtfm retention", { days: 30 })
        await Effect.runPromise(discord.until(() => set.reply !== null))
        assert.include(set.reply!.content, "30 days")

        await until(counts, ([xylophone, marimba]) => xylophone === 0 && marimba === 0, 60)
        assert.deepStrictEqual(counts(), [0, 0, 2, 2, 2])
        const keys = () =>
          Effect.runPromise(
            Effect.scoped(Effect.flatMap(S3.make({ ...server().address, bucket: "retention" }), ({ list }) => list("")))
          )
        await until(keys, (all) => all.length === 0, 60)
        await until(
          () => answers()[0]?.content ?? "",
          (content) => !content.includes("xylophone"),
          60
        )
        const again = ada.says(general, `${discord.bot} Which keyword has the cellar?`)
        await until(
          () =>
            discord.saidBy(discord.bot, general).find(({ reference }) => reference?.messageId === again.id)?.content,
          (content) => content !== undefined && !content.includes("▌"),
          60
        )
        assert.isFalse(discord.saidBy(discord.bot, general).some(({ content }) => content.includes("xylophone")))

        const privacy = ada.runs(general, "/rtfm privacy")
        const there = ada.runs(elsewhere, "/rtfm privacy")
        await Effect.runPromise(discord.until(() => privacy.reply !== null && there.reply !== null))
        assert.include(privacy.reply!.content, "kept for 30 days")
        assert.notInclude(there.reply!.content, "days")
      } finally {
        await discord.stop()
      }
    })
  )
})
