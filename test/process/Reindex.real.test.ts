/** The process is killed while it makes its next index: it goes on where it was, and answers from the old one meanwhile. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as GeminiServer from "../fixtures/gemini/GeminiServer.ts"
import * as Personas from "../fixtures/gemini/Personas.ts"
import { call, inFolder, run, type Rtfm, until } from "./Rtfm.ts"

const key = "AIzaSyCanary-0123456789-abcdefghijk"
const messages = 250
const channel = "local:general"

/** A word that occurs nowhere else. */
const word = (n: number) => `zq${n.toString(36)}x${(n * 7919).toString(36)}`

interface Index {
  readonly name: string
  readonly role: "live" | "next" | "previous"
  readonly vectors: number
  readonly passages: number
}

const indexesOf = async ({ url }: Rtfm) => (await call<ReadonlyArray<Index>>(url, "/api/indexes")).body

/** What the file itself says, whoever writes to it: which index answers. */
const liveIn = (folder: string): ReadonlyArray<unknown> => {
  const database = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    return database
      .prepare("SELECT name FROM vector_indexes WHERE role = 'live'")
      .all()
      .map((row) => row["name"])
  } finally {
    database.close()
  }
}

it.live(
  "an index is built through kills at every stage, answers at once as a whole, and gives way to the old one",
  () =>
    Effect.gen(function* () {
      const gemini = yield* GeminiServer.listen({ key, model: Personas.honest, latency: { embed: 400 } })
      yield* Effect.promise(() =>
        inFolder(async (folder, start) => {
          const env = { INGEST_OWN_DOCS: "false", ANSWER_CACHE: "off" }
          const withGemini = { ...env, GEMINI_API_KEY: key, GEMINI_BASE_URL: gemini.url }
          const embedded = () => gemini.calls.filter(({ method }) => method === "batchEmbedContents")
          const made = () => embedded().reduce((sum, { body }) => sum + body.requests.length, 0)
          const right = async ({ url }: Rtfm, n: number) => {
            const json = { text: `What is the code of locker ${word(n)}key?`, channelId: channel }
            const { body } = await call(url, "/api/questions?wait=30", { json })
            assert.include(body.answer, `${word(n)}.`, `locker ${n}`)
          }

          let process = await start(env)
          for (let n = 0; n < messages; n++) {
            const json = {
              text: `The code of locker ${word(n)}key is ${word(n)}.`,
              author: { id: "ada", name: "Ada" }
            }
            await call(process.url, `/api/channels/${channel}/messages`, { json })
          }
          const [old] = await until(
            () => indexesOf(process),
            ([live]) => live !== undefined && live.passages >= messages && live.vectors === live.passages,
            240
          )
          await process.kill("SIGTERM")

          process = await start(withGemini)
          assert.deepStrictEqual(liveIn(folder), [old!.name], "another embedder takes nothing over by itself")
          await call(process.url, "/api/indexes", { json: {} })

          // Killed while it waits for the first vectors, then after each batch of them.
          let kept = 0
          for (let calls = 1; calls <= 3; calls++) {
            await until(embedded, (all) => all.length >= calls, 60)
            await process.kill("SIGKILL")
            assert.deepStrictEqual(liveIn(folder), [old!.name])
            process = await start(withGemini)
            const next = (await indexesOf(process)).find(({ role }) => role === "next")
            assert.isAtLeast(next!.vectors, kept, "what was made is not made again")
            kept = next!.vectors
            await right(process, calls)
          }

          const built = await until(
            () => indexesOf(process),
            (all) => all.every(({ role }) => role !== "next"),
            120
          )
          assert.deepStrictEqual(
            built.map(({ role }) => role),
            ["live", "previous"]
          )
          assert.strictEqual(built[0]!.vectors, built[0]!.passages)
          assert.notStrictEqual(built[0]!.name, old!.name)
          assert.isAtMost(made(), built[0]!.passages + 4 * 100, "no more is made twice than was in hand at a kill")
          await right(process, 7)

          // Whatever ends the process right after, one index answers, whole.
          await process.kill("SIGKILL")
          assert.deepStrictEqual(liveIn(folder), [built[0]!.name])
          process = await start(withGemini)
          await right(process, 8)

          // Back in one command.
          const back = run({ folder, args: ["reindex", "rollback"], env: withGemini })
          assert.strictEqual(await back.exited, 0, back.output())
          assert.deepStrictEqual(liveIn(folder), [old!.name])
          await right(process, 9)
        })
      )
    }),
  600_000
)

/** Whoever begins to write to the state now is told at once that somebody else is at it. */
const isWriting = (database: DatabaseSync): boolean => {
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK")
    return false
  } catch {
    return true
  }
}

/** Keeps the transaction that promotes an index open for ever, once the old one has lost its role in it. */
const neverPromoted = `CREATE TRIGGER never_promoted BEFORE UPDATE OF role ON vector_indexes WHEN new.role = 'live' BEGIN
  SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n); END`

it.live(
  "an index that is killed while it is measured, and while it is promoted, answers in the end, and no question waits for it",
  () =>
    Effect.gen(function* () {
      const gemini = yield* GeminiServer.listen({ key, model: Personas.honest, latency: { embed: 50 } })
      yield* Effect.promise(() =>
        inFolder(async (folder, start) => {
          const env = { INGEST_OWN_DOCS: "false", ANSWER_CACHE: "off" }
          const withGemini = { ...env, GEMINI_API_KEY: key, GEMINI_BASE_URL: gemini.url }
          const few = 12

          let process = await start(env)
          for (let n = 0; n < few; n++) {
            const text = `The code of locker ${word(n)}key is ${word(n)}.`
            await call(process.url, `/api/channels/${channel}/messages`, {
              json: { text, author: { id: "ada", name: "Ada" } }
            })
          }
          const [old] = await until(
            () => indexesOf(process),
            ([live]) => live !== undefined && live.passages >= few && live.vectors === live.passages,
            240
          )
          await process.kill("SIGTERM")
          const database = new DatabaseSync(join(folder, "data", "rtfm.db"))
          database.exec(neverPromoted)
          process = await start(withGemini)

          /** Only the next index is asked by a vector of Gemini's. */
          const isEmbedded = (text: string) =>
            gemini.calls.some(({ body }) => {
              const asked = JSON.stringify(body)
              return asked.includes("RETRIEVAL_QUERY") && asked.includes(text)
            })
          const answeredBy: Array<unknown> = []
          let going = true
          /** Asks without end; what a kill interrupts is asked again. */
          const asking = (async () => {
            for (let n = 0; going; n++) {
              const running = process
              const text = `What is the code of locker ${word(n % few)}key? I ask for the ${n}th time.`
              const before = liveIn(folder)
              const answer = await call(running.url, "/api/questions?wait=60", {
                json: { text, channelId: channel }
              }).catch(() => undefined)
              if (answer === undefined) {
                await running.exited
                continue
              }
              assert.include(answer.body.answer, `${word(n % few)}.`, text)
              // While one takes the place of the other, either may answer.
              const [name] = liveIn(folder)
              if (name !== before[0]) continue
              assert.strictEqual(
                isEmbedded(`${n}th time`),
                name !== old!.name,
                `${text} is answered by ${String(name)}`
              )
              answeredBy.push(name)
            }
          })()
          const answered = (name: unknown, more = 1) => {
            const wanted = answeredBy.filter((by) => by === name).length + more
            return until(
              () => answeredBy.filter((by) => by === name).length,
              (count) => count >= wanted,
              120
            )
          }
          const watched = async () => {
            const questions = Array.from({ length: 30 }, (_, n) => ({
              question: `Probe number ${n}?`,
              goldIds: ["none"]
            }))
            await call(process.url, "/api/indexes", { json: { questions } })
            await answered(old!.name)

            // A third of the probes were put to the next index.
            await until(() => isEmbedded("Probe number 10?"), Boolean, 120)
            await process.kill("SIGKILL")
            assert.deepStrictEqual(liveIn(folder), [old!.name])
            process = await start(withGemini)
            await answered(old!.name)

            // The verdict is kept, and the transaction that follows it goes on and on.
            const verdict = database.prepare("SELECT verdict FROM vector_indexes WHERE role = 'next'")
            await until(() => verdict.get()?.["verdict"], Boolean, 120)
            let seen = 0
            await until(
              () => (seen = isWriting(database) ? seen + 1 : 0),
              (times) => times >= 10,
              120
            )
            await process.kill("SIGKILL")
            assert.deepStrictEqual(liveIn(folder), [old!.name], "half a promotion is none")
            database.exec("DROP TRIGGER never_promoted")
            process = await start(withGemini)
            const settled = await until(
              () => indexesOf(process),
              (all) => all.every(({ role }) => role !== "next"),
              120
            )
            assert.deepStrictEqual(
              settled.map(({ name, role }) => [name === old!.name, role]),
              [
                [false, "live"],
                [true, "previous"]
              ]
            )
            await answered(settled[0]!.name, 2)
            going = false
          }
          try {
            await Promise.all([watched(), asking])
          } finally {
            going = false
            database.close()
          }
        })
      )
    }),
  600_000
)
