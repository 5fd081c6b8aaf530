/** `rtfm ask` as the first thing that anybody does with an installation. */
import { assert, describe, it } from "@effect/vitest"
import { inFolder, run } from "./Rtfm.ts"

const question = "How do I ingest a folder of documents?"

describe("rtfm ask where nothing ever ran", () => {
  it("waits until the bot has read its own docs, and answers from them", () =>
    inFolder(async (folder) => {
      const { exited, output } = run({ folder, args: ["ask", question], env: { PORT: "8123" } })
      assert.strictEqual(await exited, 0, output())
      assert.include(output(), "> To ingest a folder of documents, run `npm run rtfm -- ingest docs/`")
      const link = "http://127.0.0.1:8123/#/documents/rtfm-bot%2FREADME.md/ingest-a-folder-of-documents"
      assert.match(output(), new RegExp(`^ +${link}\n\nThe page of these links is there once rtfm start runs\\.$`, "m"))
    }))

  it("says that nothing is known, where it is not to read its own docs, and what to do", () =>
    inFolder(async (folder) => {
      const { exited, output } = run({ folder, args: ["ask", question], env: { INGEST_OWN_DOCS: "false" } })
      assert.strictEqual(await exited, 1)
      assert.match(output(), /^Nothing is known yet\. .*rtfm ingest .*rtfm start/m)
      assert.notInclude(output(), "I don't know")
      assert.notInclude(output(), "    at ")
    }))
})
