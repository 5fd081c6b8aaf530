/** `rtfm replay`: past questions asked again of the next index, and what it would find otherwise. */
import { Clock, Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { ReplayReport } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { count, json, printJson } from "./Output.ts"
import * as System from "./System.ts"
import * as Times from "./Times.ts"

type Report = typeof ReplayReport.Type
type Side = Report["differences"][number]["live"]

const sideText = (name: string, { answered, titles }: Side): string =>
  `  ${name}  ${answered ? "answers from" : "would not answer; closest"}: ${titles.join("; ") || "nothing"}`

const text = ({ differences, questions, same }: Report): string =>
  [
    `${count(questions, "question")}: ${same} find the same, ${differences.length} would differ.`,
    ...differences.flatMap(({ live, next, question }) => ["", question, sideText("live", live), sideText("next", next)])
  ].join("\n")

export const replay = Command.make(
  "replay",
  {
    since: Flag.String("since").pipe(
      Flag.withDescription("How far back: a time such as 2026-01-31T08:00:00Z, or a duration such as 12h or 1d"),
      Flag.withDefault("1d")
    ),
    json
  },
  Effect.fn(function* ({ json, since }) {
    const { api } = yield* System.Api
    const at = Times.momentOf(since, yield* Clock.currentTimeMillis)
    if (Number.isNaN(at)) {
      return yield* new CommandError({ detail: `${since} is no time: expected 2026-01-31T08:00:00Z, 12h or 1d` })
    }
    const report = yield* api.indexes.replay({ query: { since: at } })
    yield* json ? printJson(report) : Console.log(text(report))
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Ask past questions of the next index, and show what would differ"),
  Command.withExamples([{ command: "rtfm replay --since 12h", description: "The questions of the last 12 hours" }])
)
