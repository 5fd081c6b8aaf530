import { assert, describe, it } from "@effect/vitest"
import { call, newFolder, removeFolder, start } from "./Rtfm.ts"

describe("SIGTERM", () => {
  it("during an answer: the answer arrives, and the process ends well within the grace", async () => {
    const folder = newFolder()
    try {
      const process = await start({ folder })
      const asked = call(process.url, "/api/questions", { json: { text: "How do I ingest a folder of documents?" } })
      // Once the question is in the chat it is in hand.
      while (true) {
        const { body } = await call(process.url, "/api/channels/local:general/messages")
        if (body.length > 0) break
      }
      const before = Date.now()
      const code = process.kill("SIGTERM")
      const { body, status } = await asked
      assert.strictEqual(status, 200)
      assert.isString(body.answer)
      assert.strictEqual(await code, 0)
      assert.isBelow(Date.now() - before, 10_000)

      const again = await start({ folder })
      const { body: chat } = await call(again.url, "/api/channels/local:general/messages")
      assert.strictEqual(chat.filter((message: { answer?: unknown }) => message.answer !== undefined).length, 1)
      assert.strictEqual(await again.kill("SIGTERM"), 0)
    } finally {
      removeFolder(folder)
    }
  })

  it("twice ends the process at once", async () => {
    const folder = newFolder()
    try {
      const process = await start({ folder })
      process.child.kill("SIGTERM")
      assert.oneOf(await process.kill("SIGTERM"), [0, 130])
    } finally {
      removeFolder(folder)
    }
  })
})
