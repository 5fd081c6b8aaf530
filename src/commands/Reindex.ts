/** `rtfm reindex`: builds the next index of vectors beside the one that answers, and says which of them answers then. */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as EvaluationSet from "../knowledge/EvaluationSet.ts"
import type { IndexInfo } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { json, printJson, printRows, progress } from "./Output.ts"
import * as System from "./System.ts"

type Info = typeof IndexInfo.Type

const state = ({ paused, passages, role, vectors, verdict }: Info): string => {
  if (role === "live") return "answers"
  if (role === "previous") return "answered before: rtfm reindex rollback goes back to it"
  if (paused) return "paused: rtfm reindex resume goes on"
  if (verdict !== null) return `measured, and does not answer: ${verdict.why}`
  return vectors < passages ? "being built" : "being measured"
}

const show = (indexes: ReadonlyArray<Info>, asJson: boolean) =>
  printRows(indexes, {
    json: asJson,
    none: "There is no index.",
    columns: [
      { title: "INDEX", value: ({ name }) => name },
      { title: "VECTORS", value: ({ passages, vectors }) => `${vectors} of ${passages}` },
      { title: "STATE", value: state }
    ]
  })

const outcome = (name: string, indexes: ReadonlyArray<Info>): string => {
  const next = indexes.find(({ role }) => role === "next")
  if (next === undefined) return `${name} answers now. rtfm reindex rollback goes back.`
  return `${name} does not answer: ${next.verdict?.why ?? "it was paused"}. rtfm reindex promote lets it answer all the same.`
}

/** Until it answers, was found worse, or is paused. */
const follow = Effect.fnUntraced(function* (name: string, quiet: boolean) {
  const { api } = yield* System.Api
  const bar = progress(`building ${name}`)
  while (true) {
    const indexes = yield* api.indexes.indexes()
    const index = indexes.find((each) => each.name === name)
    if (index === undefined) return yield* new CommandError({ detail: `The index ${name} was given up` })
    if (!quiet) yield* bar(index.vectors, index.passages)
    if (index.role !== "next" || index.verdict !== null || index.paused) return indexes
    yield* Effect.sleep("300 millis")
  }
})

const questions = Flag.String("questions").pipe(
  Flag.withDescription(
    'Measure by a file: a line is { "question", "gold_ids" }; by the headings of documents when absent'
  ),
  Flag.optional
)

const build = Effect.fnUntraced(function* (file: Option.Option<string>) {
  const { api } = yield* System.Api
  const underway = (yield* api.indexes.indexes()).find(({ role }) => role === "next")
  if (underway !== undefined) return underway.name
  const probes = Option.isNone(file)
    ? undefined
    : (yield* EvaluationSet.readQuestions(file.value)).map(({ gold_ids, question }) => ({
        question,
        goldIds: gold_ids
      }))
  const begun = yield* api.indexes.reindex({ payload: probes === undefined ? {} : { questions: probes } })
  return begun.find(({ role }) => role === "next")!.name
})

const steer = (action: "pause" | "resume" | "cancel" | "promote" | "rollback", description: string) =>
  Command.make(
    action,
    { json },
    Effect.fn(function* ({ json }) {
      const { api } = yield* System.Api
      yield* show(yield* api.indexes.steerIndex({ params: { action } }), json)
    }, Effect.provide(System.layer))
  ).pipe(
    Command.withDescription(description),
    Command.withExamples([{ command: `rtfm reindex ${action}`, description }])
  )

const status = Command.make(
  "status",
  { json },
  Effect.fn(function* ({ json }) {
    const { api } = yield* System.Api
    yield* show(yield* api.indexes.indexes(), json)
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Which index answers, and how the next one comes along"),
  Command.withExamples([{ command: "rtfm reindex status", description: "All indexes" }])
)

export const reindex = Command.make(
  "reindex",
  { questions, json },
  Effect.fn(function* ({ json, questions }) {
    const name = yield* build(questions)
    const indexes = yield* follow(name, json)
    yield* json ? printJson(indexes) : Console.log(outcome(name, indexes))
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Build the index of the embedder that the settings choose, beside the one that answers"),
  Command.withSubcommands([
    status,
    steer("pause", "Stop building for now"),
    steer("resume", "Go on building, and measure again"),
    steer("cancel", "Give up the index that is built"),
    steer("promote", "Let the next index answer, whatever was measured"),
    steer("rollback", "Let the index before answer again")
  ]),
  Command.withExamples([
    { command: "rtfm reindex", description: "Build, measure, and let the better one answer" },
    { command: "rtfm reindex --questions questions.jsonl", description: "Measure by your own questions" }
  ])
)
