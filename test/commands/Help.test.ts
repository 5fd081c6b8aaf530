import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { rtfm } from "../../src/commands/Rtfm.ts"
import { golden } from "../golden/golden.ts"

const commands: ReadonlyArray<ReadonlyArray<string>> = [
  [],
  ["start"],
  ["ask"],
  ["ingest"],
  ["sources"],
  ["sources", "list"],
  ["sources", "refresh"],
  ["sources", "remove"],
  ["mcp"],
  ["reindex"],
  ["reindex", "status"],
  ["reindex", "pause"],
  ["reindex", "resume"],
  ["reindex", "cancel"],
  ["reindex", "promote"],
  ["reindex", "rollback"],
  ["replay"],
  ["topics"],
  ["topics", "list"],
  ["topics", "describe"],
  ["topics", "create"],
  ["topics", "delete"],
  ["topics", "plan"],
  ["topics", "test"],
  ["produce"],
  ["consume"],
  ["dlq"],
  ["dlq", "list"],
  ["dlq", "show"],
  ["dlq", "redrive"],
  ["schemas"],
  ["schemas", "list"],
  ["schemas", "register"],
  ["notify"],
  ["notify", "test"],
  ["routes"],
  ["routes", "check"],
  ["routes", "try"],
  ["doctor"],
  ["eval"]
]

const helpOf = (path: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* Command.runWith(rtfm, { version: "0.0.0" })([...path, "--help"])
    return (yield* TestConsole.logLines).join("\n")
  }).pipe(Effect.provide(NodeServices.layer))

describe("help", () => {
  for (const path of commands) {
    const name = ["rtfm", ...path]
    it.effect(`of ${name.join(" ")}`, () =>
      Effect.gen(function* () {
        const help = yield* helpOf(path)
        assert.include(help, "DESCRIPTION")
        yield* golden(`help/${name.join("-")}.txt`, help)
      })
    )
  }
})
