/** Files of messages, from a Discord of our own through the whole process into a real S3 server, and out of it again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"
import type { FileStore } from "../../src/files/FileStore.ts"
import * as S3 from "../../src/files/S3.ts"
import { Discord } from "../discord/Discord.ts"
import { file, hugeFile } from "../discord/Media.ts"
import { forFile } from "../fixtures/KafkaServer.ts"
import * as S3Server from "../fixtures/S3Server.ts"
import { call, newFolder, removeFolder, type Rtfm, start, until } from "./Rtfm.ts"

const server = forFile(S3Server.make)

interface Scene {
  readonly discord: Discord
  readonly rtfm: Rtfm
  readonly folder: string
  readonly store: FileStore["Service"]
  readonly keys: () => Promise<ReadonlyArray<string>>
}

const scene = async (body: (scene: Scene) => Promise<void>, env: Readonly<Record<string, string>> = {}) => {
  const folder = newFolder()
  const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
  const bucket = `rtfm-${Math.random().toString(36).slice(2, 8)}`
  const settings = { ...discord.env, ...server().env, BUCKET_NAME: bucket, INGEST_OWN_DOCS: "false", ...env }
  let rtfm: Rtfm | undefined
  try {
    rtfm = await start({ folder, env: settings })
    await Effect.runPromise(discord.until(() => discord.gateway.identifies === 1))
    const started = rtfm
    await Effect.runPromise(
      Effect.gen(function* () {
        const store = yield* S3.make({ ...server().address, bucket })
        const list = Effect.orElseSucceed(store.list(""), () => [])
        yield* Effect.promise(() =>
          body({ discord, rtfm: started, folder, store, keys: () => Effect.runPromise(list) })
        )
      }).pipe(Effect.scoped)
    )
  } finally {
    await rtfm?.kill("SIGKILL")
    await discord.stop()
    removeFolder(folder)
  }
}

const manual = "# Descaling\n\nDescale the boiler of the Aurora with citric acid every three months.\n"

const passagesWith = (folder: string, word: string): number => {
  const database = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    const [row] = database.prepare("SELECT count(*) AS n FROM passages WHERE text LIKE ?").all(`%${word}%`)
    return Number(row!["n"])
  } finally {
    database.close()
  }
}

/** Bytes of memory that the process holds. */
const held = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024

/** The same, once it stays the same for a while: what was begun at the start of the process is done then. */
const settled = async (pid: number): Promise<number> => {
  const seen: Array<number> = []
  await until(
    async () => {
      seen.push(held(pid))
      await wait(200)
      return seen.slice(-10)
    },
    (last) => last.length === 10 && Math.max(...last) - Math.min(...last) < 2_000_000,
    60
  )
  return seen.at(-1)!
}

describe("files of messages", () => {
  it("are kept, found by readers of their channel alone, and go with their messages", { timeout: 240_000 }, () =>
    scene(async ({ discord, folder, keys, rtfm, store }) => {
      const [ada, bob] = [discord.user("ada"), discord.user("bob")]
      const guild = discord.guild({ members: [ada, bob], owner: ada })
      const [general, board] = [guild.channel("general"), guild.channel("board", { private: [ada] })]
      const [one, two, three] = [
        ada.says(general, "", { files: [file("manual.md", manual)] }),
        ada.says(board, "For us", { files: [file("plan.txt", "The merger is called Operation Walnut.")] }),
        bob.says(general, "And this", { files: [file("notes.txt", "The spare key hangs behind the fridge.")] })
      ]
      const key = (message: { readonly id: string; readonly channelId: string }, name: string) =>
        `${guild.id}/${message.channelId}/${message.id}/${name}`
      const [manualKey, planKey, notesKey] = [key(one, "manual.md"), key(two, "plan.txt"), key(three, "notes.txt")]
      await until(keys, (all) => all.length === 3, 60)
      assert.sameMembers([...(await keys())], [manualKey, planKey, notesKey])
      await until(
        () => ["Aurora", "Walnut", "fridge"].map((word) => passagesWith(folder, word)),
        (counts) => counts.every((count) => count === 1),
        60
      )

      const asked = bob.says(general, `${discord.bot} How often is the boiler of the Aurora descaled?`)
      const prying = bob.says(general, `${discord.bot} What is Operation Walnut?`)
      const answersTo = (id: string) =>
        discord.saidBy(discord.bot, general).filter(({ reference }) => reference?.messageId === id)
      await Effect.runPromise(
        discord.until(() => answersTo(asked.id).length === 1 && answersTo(prying.id).length === 1, "two answers")
      )
      const [answer, refusal] = [answersTo(asked.id)[0]!, answersTo(prying.id)[0]!]
      await until(
        () => answer.content,
        (content) => content.includes("every three months"),
        60
      )
      assert.include(answer.content, one.id)
      assert.notInclude(refusal.content, "merger")

      // Nobody who is no reader of the channel is shown it, over the API neither.
      for (const word of ["Aurora", "Walnut", "fridge"]) {
        const { body } = await call(rtfm.url, `/api/search?q=${word}`)
        assert.notInclude(JSON.stringify(body.found), word)
      }

      // Signed links stay nowhere.
      for (const name of readdirSync(join(folder, "data")).filter((each) => /\.db(-wal)?$/.test(each)))
        assert.notMatch(readFileSync(join(folder, "data", name), "latin1"), /[?&]hm=/, name)
      assert.notMatch(rtfm.output(), /[?&]hm=/)

      ada.deletes(one)
      await until(keys, (all) => !all.includes(manualKey), 60)
      await until(
        () => passagesWith(folder, "Aurora"),
        (count) => count === 0,
        60
      )
      const forgotten = bob.runs(general, "/rtfm forget-me")
      await until(keys, (all) => !all.includes(notesKey), 60)
      await Effect.runPromise(discord.until(() => forgotten.reply !== null && !forgotten.thinking, "a receipt"))
      board.remove()
      await until(keys, (all) => all.length === 0, 60)
      await until(
        () => passagesWith(folder, "Walnut") + passagesWith(folder, "fridge"),
        (count) => count === 0,
        60
      )
      assert.include(await Effect.runPromise(store.check), "can be read")
    })
  )

  it("are not kept with a key that expired, which the start says, and the rest goes on", { timeout: 240_000 }, () =>
    scene(
      async ({ discord, folder, rtfm }) => {
        const ada = discord.user("ada")
        const general = discord.guild({ members: [ada] }).channel("general")
        ada.says(general, "The code of the locker is zebra.", { files: [file("a.txt", manual)] })
        await until(
          () => passagesWith(folder, "zebra"),
          (count) => count === 1,
          60
        )
        await until(
          () => rtfm.output(),
          (said) => /does not accept MINIO_ACCESS_KEY and MINIO_SECRET_KEY \(InvalidAccessKeyId\)/.test(said),
          60
        )
        assert.notInclude(rtfm.output(), "expired-key")
      },
      { MINIO_ACCESS_KEY: "expired-key" }
    )
  )

  it("do not delay their message, and wait for a host or a store that is away", { timeout: 240_000 }, () =>
    scene(async ({ discord, folder, keys, rtfm }) => {
      const ada = discord.user("ada")
      const general = discord.guild({ members: [ada] }).channel("general")
      discord.media.status = 503
      ada.says(general, "The code of the locker is zebra.", { files: [file("a.txt", manual)] })
      await until(
        () => passagesWith(folder, "zebra"),
        (count) => count === 1,
        60
      )
      const archivist = async () => {
        const { body } = await call(rtfm.url, "/api/status")
        return body.actors.find(({ name }: { name: string }) => name === "archivist")
      }
      await until(archivist, ({ retries }) => retries > 0, 60)
      assert.deepStrictEqual(await keys(), [])
      discord.media.status = null
      await until(keys, (all) => all.length === 1, 60)
      assert.strictEqual((await archivist()).deadLetters, 0)
    })
  )

  it("add at most 40 MB to the memory of the process, however large they are", { timeout: 240_000 }, () =>
    scene(
      async ({ discord, keys, rtfm, store }) => {
        const ada = discord.user("ada")
        const general = discord.guild({ members: [ada] }).channel("general")
        // What is loaded with the first file is no matter of the size of the next.
        for (const size of [1000, 12_000_000]) {
          ada.says(general, "", { files: [hugeFile(`first-${size}`, size)] })
          await until(keys, (all) => all.some((key) => key.endsWith(`first-${size}`)), 60)
        }
        const size = Number(process.env["RTFM_FILE_MB"] ?? 150) * 1_000_000
        const before = await settled(rtfm.pid)
        let most = before
        const began = Date.now()
        ada.says(general, "", { files: [hugeFile("then.bin", size)] })
        const then = await until(
          async () => {
            most = Math.max(most, held(rtfm.pid))
            return (await keys()).find((key) => key.endsWith("then.bin"))
          },
          (key) => key !== undefined,
          180
        )
        const added = (most - before) / 1_000_000
        console.log(
          `${size / 1_000_000} MB added ${added.toFixed(0)} MB to ${(before / 1_000_000).toFixed(0)} MB, in ${((Date.now() - began) / 1000).toFixed(1)} s`
        )
        assert.isAtMost(added, 40)
        const hash = createHash("sha256")
        await Effect.runPromise(Stream.runForEach(store.get(then!), (piece) => Effect.sync(() => hash.update(piece))))
        const expected = createHash("sha256")
        const whole = hugeFile("then.bin", size)
        for (let at = 0; at < size; at += 65_536) expected.update(whole.bytes(at, Math.min(65_536, size - at)))
        assert.strictEqual(hash.digest("hex"), expected.digest("hex"))
      },
      { FILE_TYPES: "application/octet-stream", FILE_MAX_MB: "1000" }
    )
  )
})
