/** What is known of solutions lasts as long as the messages. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Passages } from "../../src/knowledge/Passages.ts"
import { Solutions } from "../../src/knowledge/Solutions.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import { layer, tellMessages } from "../fixtures/Knowledge.ts"

describe("Solutions", () => {
  it.effect("go with their messages, one by one or with their channel", () =>
    Effect.gen(function* () {
      const { applyChat } = yield* Passages
      const { accept, among } = yield* Solutions
      yield* tellMessages("server", "a", ["With vinegar.", "With citric acid."])
      yield* tellMessages("server", "b", ["By rinsing it twice."])
      const ids = ["server-a-0", "server-a-1", "server-b-0"]
      yield* Effect.forEach(ids, accept)
      const place = { serverId: "server", channelId: "a" }
      yield* applyChat([{ type: "deleted", ...place, messageIds: ["server-a-0"], at: 9 }])
      assert.deepStrictEqual([...(yield* among(ids))].sort(), ["server-a-1", "server-b-0"])
      yield* applyChat([{ type: "removed", ...place, at: 10 }])
      assert.deepStrictEqual([...(yield* among(ids))], ["server-b-0"])
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )
})
