import { assert, describe, it } from "@effect/vitest"
import { setTimeout as wait } from "node:timers/promises"
import { call, newFolder, removeFolder, type Rtfm, start } from "./Rtfm.ts"

const kills = 20
const messages = 500
const questions = 100
const channel = "local:general"

/** A word that occurs nowhere else, so that a search for it finds one message. */
const word = (n: number) => `zq${n.toString(36)}x${(n * 7919).toString(36)}`

/** Sends one request until it is acknowledged; a connection that breaks is no answer. */
const acknowledged = async (place: { url: string }, path: string, json: unknown, key: string) => {
  while (true) {
    const answer = await call(place.url, path, { json, headers: { "idempotency-key": key } }).catch(() => undefined)
    if (answer !== undefined && answer.status < 300) return answer.body
    if (answer !== undefined && answer.status < 500)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    // The server is away: this paces the client, nothing is awaited by it.
    await wait(50)
  }
}

describe("the process", () => {
  it(
    "killed at random moments loses nothing that was acknowledged and answers every question once",
    { timeout: 600_000 },
    async () => {
      const folder = newFolder()
      const place = { url: "" }
      let process: Rtfm | undefined
      let sending = true
      try {
        process = await start({ folder })
        place.url = process.url

        const say = Array.from(
          { length: messages },
          (_, n) => async () =>
            acknowledged(
              place,
              `/api/channels/${channel}/messages`,
              { text: `The code of locker ${n} is ${word(n)}.`, author: { id: "ada", name: "Ada" } },
              `message-${n}`
            )
        )
        const ask = Array.from(
          { length: questions },
          (_, n) => async () =>
            acknowledged(place, "/api/questions?wait=0", { text: `What is the code of locker ${n}?` }, `question-${n}`)
        )
        const work = [...say, ...ask].toSorted(() => Math.random() - 0.5)
        const asked: Array<{ id: string }> = []
        const sender = async () => {
          for (let next = work.pop(); next !== undefined; next = work.pop()) {
            const body = await next()
            if ("question" in body) asked.push(body)
            // Spread over the kills instead of being done before the first.
            await wait(60)
          }
        }
        const killer = async () => {
          for (let n = 0; n < kills; n++) {
            await wait(Math.random() * 900)
            await process!.kill("SIGKILL")
            process = await start({ folder })
            place.url = process.url
          }
        }
        await Promise.all([sender(), sender(), sender(), killer()])
        sending = false
        assert.strictEqual(new Set(asked.map(({ id }) => id)).size, questions)

        // Every question has its answer, through the API.
        for (const { id } of asked) {
          const { body, status } = await call(place.url, `/api/questions/${id}?wait=30`)
          assert.strictEqual(status, 200, `question ${id}: ${JSON.stringify(body)}`)
        }

        // In the chat: every message, every question and one answer to each.
        const chat: Array<{ id: string; text: string; replyTo?: string; answer?: unknown }> = []
        while (true) {
          const before = chat[0] === undefined ? "" : `&before=${chat[0].id}`
          const { body } = await call<typeof chat>(place.url, `/api/channels/${channel}/messages?limit=200${before}`)
          if (body.length === 0) break
          chat.unshift(...body)
        }
        assert.strictEqual(chat.length, messages + 2 * questions)
        assert.strictEqual(new Set(chat.map(({ id }) => id)).size, chat.length)
        const answered = chat.filter(({ answer }) => answer !== undefined).map(({ replyTo }) => replyTo!)
        assert.deepStrictEqual(answered.toSorted(), asked.map(({ id }) => id).toSorted())

        // Every message can be found, at once, by its text.
        const sought = Array.from({ length: messages }, (_, n) => n)
        const seeker = async () => {
          for (let n = sought.pop(); n !== undefined; n = sought.pop()) {
            const { body } = await call(place.url, `/api/search?q=${word(n)}&limit=1`)
            assert.include(body.found[0]?.text ?? "", word(n), `message ${n}`)
          }
        }
        // The embedder is at work on what was said: one after another each would wait for a batch of that.
        await Promise.all(Array.from({ length: 8 }, seeker))

        const { body: dead } = await call(place.url, "/api/dead-letters")
        assert.deepStrictEqual(dead, [])
      } finally {
        if (sending) place.url = "http://127.0.0.1:1"
        await process?.kill("SIGKILL")
        removeFolder(folder)
      }
    }
  )
})
