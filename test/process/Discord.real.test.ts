/** The whole process between a Discord and a Kafka that both misbehave, killed again and again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"
import { Discord } from "../discord/Discord.ts"
import * as Faults from "../discord/Faults.ts"
import type { HasId, Message } from "../discord/Model.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { newFolder, removeFolder, type Rtfm, start, until } from "./Rtfm.ts"

const kills = 10
const messages = 1000
const questions = 100
const channels = 20

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

/** A word that occurs nowhere else. */
const word = (n: number) => `zq${n.toString(36)}x${(n * 7919).toString(36)}`

/** What of all that was said is known, as its words. */
const indexed = (folder: string): ReadonlyArray<string> => {
  const database = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    const rows = database.prepare("SELECT text FROM passages WHERE message_id IS NOT NULL").all()
    return rows.flatMap(({ text }) => /zq\w+/.exec(String(text))?.[0] ?? [])
  } finally {
    database.close()
  }
}

const misbehave = ({ faults }: Discord) => {
  faults.often("createMessage", Faults.limited("user", 0.4), 0.08)
  faults.often("createMessage", Faults.limited("shared", 1, false), 0.02)
  faults.often("createMessage", Faults.status(502), 0.02)
  faults.often("createMessage", Faults.lostBehind502, 0.02)
  faults.often("createMessage", Faults.lost, 0.02)
}

/** What the gateway does to the bot, one after another. */
const disturb = ({ gateway }: Discord, n: number) =>
  [
    () => gateway.drop(),
    () => gateway.reconnect(),
    () => gateway.invalidate(false),
    () => gateway.close(4000),
    () => gateway.forgetSessions()
  ][n % 5]!()

const answersOf = (discord: Discord, places: ReadonlyArray<HasId>) => {
  const said = places.flatMap((place) => discord.saidBy(discord.bot, place))
  const byQuestion = new Map<string, number>()
  for (const { reference } of said)
    if (reference !== null) byQuestion.set(reference.messageId, (byQuestion.get(reference.messageId) ?? 0) + 1)
  return { said, byQuestion }
}

describe("rtfm in Discord, on Kafka", () => {
  it(
    "loses no message and answers every question once, whatever is killed, refused, lost or cut",
    { timeout: 900_000 },
    async () => {
      const began = Date.now()
      const folder = newFolder()
      const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
      const people = ["ada", "bob", "eve"].map((name) => discord.user(name))
      const guild = discord.guild({ members: people })
      const places = Array.from({ length: channels }, (_, n) => guild.channel(`channel-${n}`))
      const env = {
        ...discord.env,
        KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
        KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`,
        INGEST_OWN_DOCS: "false"
      }
      let process: Rtfm | undefined
      const asked: Array<Message> = []
      try {
        process = await start({ folder, env })
        await Effect.runPromise(discord.until(() => discord.gateway.identifies === 1))
        misbehave(discord)

        const work = Array.from({ length: messages + questions }, (_, n) => n).toSorted(() => Math.random() - 0.5)
        const talk = async () => {
          for (const [done, n] of work.entries()) {
            const person = people[n % people.length]!
            const place = places[n % channels]!
            if (n < messages) person.says(place, `The code of locker ${n} is ${word(n)}.`)
            else asked.push(person.says(place, `${discord.bot} What is the code of locker ${n - messages}?`))
            if (done % 90 === 89) disturb(discord, (done / 90) | 0)
            // Spread over the kills instead of being done before the first.
            await wait(50)
          }
        }
        const killer = async () => {
          for (let n = 0; n < kills; n++) {
            // The first comes while it still begins to listen.
            await wait(Math.random() * (n === 0 ? 400 : 4000))
            await process!.kill("SIGKILL")
            process = await start({ folder, env })
          }
        }
        await Promise.all([talk(), killer()])

        const missing = () => asked.filter(({ id }) => !answersOf(discord, places).byQuestion.has(id)).length
        await until(
          () => ({ unanswered: missing(), indexed: new Set(indexed(folder)).size }),
          (now) => now.unanswered === 0 && now.indexed === messages,
          300
        )

        // A start on what is there says and indexes nothing again.
        assert.strictEqual(await process!.kill("SIGTERM"), 0)
        discord.faults.clear()
        process = await start({ folder, env })
        asked.push(people[0]!.says(places[0]!, `${discord.bot} What is the code of locker 7?`))
        await until(missing, (left) => left === 0, 60)

        const { byQuestion, said } = answersOf(discord, places)
        assert.deepStrictEqual([...byQuestion.keys()].toSorted(), asked.map(({ id }) => id).toSorted())
        assert.deepStrictEqual(
          [...byQuestion.values()].filter((times) => times !== 1),
          []
        )
        assert.strictEqual(said.length, asked.length)
        assert.deepStrictEqual(
          indexed(folder).toSorted(),
          Array.from({ length: messages }, (_, n) => word(n)).toSorted()
        )

        const { faults, gateway } = discord
        console.log(
          `${messages} messages indexed once, ${asked.length} questions answered once, in ${Math.round((Date.now() - began) / 1000)} s: ` +
            `${kills} kills, ${gateway.identifies} sessions begun, ${gateway.resumes} resumed, ` +
            `${discord.callsOf("createMessage").length} posts, ${[...faults.happened].map(([name, count]) => `${count} ${name}`).join(", ")}`
        )
      } finally {
        await process?.kill("SIGKILL")
        await discord.stop()
        removeFolder(folder)
      }
    }
  )
})
