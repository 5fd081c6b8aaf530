/** `rtfm ask`: one question, its answer with quotes and links. */
import { Clock, Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { AnsweredQuestion } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { json, printJson } from "./Output.ts"
import * as System from "./System.ts"

type Answered = typeof AnsweredQuestion.Type

const source =
  (base: string) =>
  ({ n, title, url }: Answered["citations"][number]): string =>
    `  [${n}] ${title}\n      ${url.startsWith("/") ? base + url : url}`

const isOnPage = ({ url }: Answered["citations"][number]): boolean => url.startsWith("/")

const text = ({ base, later }: System.Api["Service"]["links"], { answer, citations }: Answered): string =>
  [
    answer,
    ...(citations.length === 0 ? [] : ["", ...citations.map(source(base))]),
    ...(later && citations.some(isOnPage) ? ["", "The page of these links is there once rtfm start runs."] : [])
  ].join("\n")

export const ask = Command.make(
  "ask",
  {
    question: Argument.String("question").pipe(Argument.withDescription("What you want to know")),
    wait: Flag.Int("wait").pipe(Flag.withDescription("Seconds to wait for the answer, up to 60"), Flag.withDefault(30)),
    json
  },
  Effect.fn(function* ({ json, question, wait }) {
    const { api, known, links, url } = yield* System.Api
    yield* known(wait)
    const now = yield* Clock.currentTimeMillis
    const answered = yield* api.questions.ask({
      headers: { "idempotency-key": `cli-${process.pid}-${now}` },
      query: { wait },
      payload: { text: question }
    })
    if (!("answer" in answered)) {
      return yield* new CommandError({
        detail: `No answer within ${wait} seconds; it will be at ${url}/api/questions/${answered.id}`
      })
    }
    yield* json ? printJson(answered) : Console.log(text(links, answered))
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Ask a question and print the answer with its sources"),
  Command.withExamples([
    { command: 'rtfm ask "How do I ingest a folder of documents?"', description: "Ask" },
    { command: 'rtfm ask "What is the default port?" --json', description: "Ask from a program" }
  ])
)
