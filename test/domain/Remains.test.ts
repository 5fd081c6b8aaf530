/** What remains of sections of files once the messages are gone that they stood on. */
import { assert, describe, it } from "@effect/vitest"
import type { DocumentRecord } from "../../src/domain/Document.ts"
import { holders } from "../../src/domain/Remains.ts"
import * as Topics from "../../src/domain/Topics.ts"

const chunk = (place?: { readonly channelId: string; readonly messageId: string; readonly threadId?: string }) =>
  Topics.documentChunks.encode({
    type: "chunk",
    documentId: "d",
    source: "files",
    version: "v",
    total: 1,
    chunk: { id: "d#0", ordinal: 0, title: "Note", text: "Words", url: "https://chat/m1" },
    ...(place !== undefined && { place: { serverId: "s1", ...place } })
  } satisfies DocumentRecord)

describe("Remains", () => {
  const { keep } = holders.find(({ spec }) => spec.name === Topics.documentChunks.name)!
  const gone = { messageIds: new Set(["m1"]), placeIds: new Set(["lost"]) }

  it("erases the sections of a file with its message, channel or thread, and no others", () => {
    for (const place of [
      { channelId: "general", messageId: "m1" },
      { channelId: "lost", messageId: "m2" },
      { channelId: "general", threadId: "lost", messageId: "m2" }
    ])
      assert.strictEqual(keep(chunk(place), gone)?.length, 0)
    assert.isUndefined(keep(chunk({ channelId: "general", messageId: "m2" }), gone))
    assert.isUndefined(keep(chunk(), gone))
  })
})
