/** `rtfm eval`: how good answers are, measured on questions whose answers are known. */
import { Console, Effect, FileSystem, Layer, Option, Path, type Redacted, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { UserDirectories } from "effect/persistence"
import * as Converter from "../docs/formats/Converter.ts"
import * as Evaluation from "../knowledge/Evaluation.ts"
import * as EvaluationSet from "../knowledge/EvaluationSet.ts"
import * as JudgedAnswers from "../knowledge/JudgedAnswers.ts"
import * as Passages from "../knowledge/PassagesSql.ts"
import * as Retriever from "../knowledge/RetrieverHybrid.ts"
import * as CachedEmbedder from "../model/CachedEmbedder.ts"
import { Embedder } from "../model/Embedder.ts"
import { layerUnlimited } from "../model/Allowance.ts"
import { apiKey } from "../model/gemini/GeminiSettings.ts"
import * as LocalEmbedder from "../model/LocalEmbedder.ts"
import * as QuotingWriter from "../model/QuotingWriter.ts"
import { Writer } from "../model/Writer.ts"
import * as Migrations from "../state/Migrations.ts"
import * as Sqlite from "../state/Sqlite.ts"
import * as VectorsMemory from "../vectors/Memory.ts"
import { CommandError } from "./CommandError.ts"
import { json, printJson, progress, table } from "./Output.ts"

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const plain = (value: number) => value.toFixed(3)

const noCorpus =
  "Name a corpus: --data FOLDER, or --docs FOLDER and --questions FILE, or --chunks FILE and --questions FILE."

/** Loaded when it is asked for. */
const gemini = Effect.promise(() => import("../model/gemini/Gemini.ts"))

/** Gemini over quotes, both over the embedder that everything else is measured with. */
const layerGemini = (key: Redacted.Redacted) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { layer } = yield* gemini
      const quotes = QuotingWriter.layer.pipe(Layer.provide(Layer.succeed(Embedder, yield* Embedder)))
      return Layer.effect(Writer, Writer).pipe(Layer.provide(layer(key, quotes)), Layer.provide(layerUnlimited))
    })
  )

/** Everything that answers a question, with nothing kept but the vectors of texts. */
const system = <E, R>(cache: string, writer: Layer.Layer<Writer, E, R>) =>
  Layer.mergeAll(Retriever.layer, writer).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Passages.layer,
        VectorsMemory.layerMemory,
        Layer.effect(
          Embedder,
          Effect.flatMap(Effect.all([LocalEmbedder.make(), LocalEmbedder.make()]), (both) =>
            CachedEmbedder.make(cache, both)
          )
        )
      )
    ),
    Layer.provideMerge(Migrations.layer),
    Layer.provide(Sqlite.layerClient(":memory:"))
  )

const defaultCache = Effect.gen(function* () {
  const directories = yield* UserDirectories.UserDirectories
  const path = yield* Path.Path
  return path.join(yield* directories.cache("rtfm-bot"), "vectors.sqlite")
}).pipe(Effect.provide(UserDirectories.layer))

/** The corpus and its questions, and the file that names them. */
const setOf = Effect.fnUntraced(function* (options: {
  readonly data: Option.Option<string>
  readonly docs: ReadonlyArray<string>
  readonly chunks: Option.Option<string>
  readonly questions: Option.Option<string>
}) {
  if (options.docs.length > 0 && Option.isSome(options.questions)) {
    const name = options.questions.value
    const chunks = yield* EvaluationSet.readDocuments(options.docs).pipe(Effect.provide(Converter.layer))
    return { name, set: { kind: "document" as const, chunks, questions: yield* EvaluationSet.readQuestions(name) } }
  }
  const { chunks, questions } = Option.isSome(options.data)
    ? yield* EvaluationSet.filesIn(options.data.value)
    : yield* Effect.fromOption(Option.all({ chunks: options.chunks, questions: options.questions })).pipe(
        Effect.mapError(() => new CommandError({ detail: noCorpus }))
      )
  return { name: questions, set: yield* EvaluationSet.readSet(chunks, questions) }
})

/**
 * Figures that must be reached, as the JSON report names them. `refusals:` and a group are what of it is refused,
 * `auroc:` and a group how well it is told from the questions of the corpus; `auroc:without sources` and `auroc:by model`
 * how well the same questions are told from themselves without what answers them. `judged` is what a judge finds right.
 */
const Least = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Finite))

const figuresOf = ({ offTopic, ...report }: Evaluation.Report): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ...Object.entries(report),
    ["auroc:without sources", report.unanswerable.auroc],
    ["auroc:by model", report.byModel?.unanswerable.auroc],
    ["judged", report.judged?.right],
    ...offTopic.flatMap(({ auroc, name, refusals }) => [
      [`refusals:${name}`, refusals] as const,
      [`auroc:${name}`, auroc] as const
    ])
  ])

/** A sentence for each figure that is too low. */
const missed = (report: Evaluation.Report, least: typeof Least.Type): ReadonlyArray<string> => {
  const figures = figuresOf(report)
  return Object.entries(least).flatMap(([name, wanted]) => {
    const figure = figures.get(name)
    if (typeof figure !== "number") return [`${name} is no figure of this evaluation.`]
    return figure >= wanted ? [] : [`${name} is ${plain(figure)}, and at least ${plain(wanted)} is wanted.`]
  })
}

const gate = Effect.fnUntraced(function* (report: Evaluation.Report, file: string) {
  const fs = yield* FileSystem.FileSystem
  const least = yield* fs.readFileString(file).pipe(
    Effect.flatMap(Schema.decodeEffect(Least)),
    Effect.mapError(
      (cause) => new CommandError({ detail: `${file}: expected JSON such as { "mrr@3": 0.9 }: ${cause.message}` })
    )
  )
  const sentences = missed(report, least)
  if (sentences.length > 0) return yield* new CommandError({ detail: sentences.join("\n") })
})

const readOffTopic = Effect.fnUntraced(function* (place: string) {
  const path = yield* Path.Path
  const file = place.endsWith(".jsonl") ? place : (yield* EvaluationSet.filesIn(place)).questions
  return {
    name: place.endsWith(".jsonl") ? path.basename(place) : path.basename(path.resolve(place)),
    questions: yield* EvaluationSet.readQuestions(file)
  }
})

const needsKey = (flag: string) =>
  new CommandError({ detail: `${flag} asks Gemini: set GEMINI_API_KEY, and know that every question costs calls` })

const judgeOf = Effect.fnUntraced(function* (model: string, times: number, key: Redacted.Redacted) {
  const { isPinned, make } = yield* Effect.promise(() => import("../model/Judge.ts"))
  if (!isPinned(model)) {
    return yield* new CommandError({
      detail: `${model} is another model from time to time: --judge takes one with its version, such as gemini-3.8-flash`
    })
  }
  const { layerModel } = yield* gemini
  return yield* make(model, times).pipe(Effect.provide(layerModel(key, model)))
})

/** One bar for each step. */
const bars = () => {
  const shown = new Map<string, ReturnType<typeof progress>>()
  return (step: string, done: number, total: number) => {
    const bar = shown.get(step) ?? progress(step.padEnd(9))
    shown.set(step, bar)
    return bar(done, total)
  }
}

const ranks = ["hit@1", "hit@3", "hit@5", "hit@10", "recall@3", "recall@5", "mrr@3", "mrr@10"] as const

const text = (name: string, report: Evaluation.Report): string => {
  const { latencyMs, offTopic, tokenF1 } = report
  const head = `${name}: ${report.questions} questions over ${report.chunks} chunks, ${report.passages} passages`
  const ranking = table(
    ranks.map((metric) => ({ metric, value: plain(report[metric]) })),
    [
      { title: "RANKING", value: ({ metric }) => metric.padEnd(24) },
      { title: "", value: ({ value }) => value.padStart(7) }
    ]
  )
  const rows = [
    { what: "in scope, answered", value: percent(report.answered) },
    ...offTopic.map(({ answered, name }) => ({ what: `off topic, answered: ${name}`, value: percent(answered) })),
    ...(report.textAlone === 0 ? [] : [{ what: "served by text alone", value: percent(report.textAlone) }]),
    { what: "quotes that are verbatim", value: percent(report.verifiedQuotes) },
    { what: "answered without sources", value: percent(report.unanswerable.answered) },
    ...(tokenF1 === null ? [] : [{ what: "words of the answer (F1)", value: plain(tokenF1) }]),
    ...(report.byModel === null
      ? []
      : [
          { what: "written by the model", value: percent(report.byModel.written) },
          { what: "the same without sources", value: percent(report.byModel.unanswerable.answered) }
        ]),
    ...(report.judged === null
      ? []
      : [
          {
            what: `right, says ${report.judged.model}`,
            value: `${percent(report.judged.right)} (${percent(report.judged.lowest)} to ${percent(report.judged.highest)} of ${report.judged.times})`
          }
        ]),
    ...(report.spanQuoted === null ? [] : [{ what: "answering span quoted", value: percent(report.spanQuoted) }]),
    { what: "time without model, p50", value: `${latencyMs.p50.toFixed(1)} ms` },
    { what: "time without model, p99", value: `${latencyMs.p99.toFixed(1)} ms` }
  ]
  const told = [
    { from: "its own, sources taken away", value: report.unanswerable.auroc },
    ...(report.byModel === null ? [] : [{ from: "the same, by the model", value: report.byModel.unanswerable.auroc }]),
    ...offTopic.map(({ auroc, name }) => ({ from: name, value: auroc }))
  ]
  const refusals = table(told, [
    { title: "TOLD APART FROM (AUROC)", value: ({ from }) => from.padEnd(24) },
    { title: "", value: ({ value }) => (value === null ? "-" : plain(value)).padStart(7) }
  ])
  const answers = table(rows, [
    { title: "ANSWERS", value: ({ what }) => what.padEnd(24) },
    { title: "", value: ({ value }) => value.padStart(7) }
  ])
  const { all, area, half, most } = report.risk
  const risks = table(
    [
      { of: "the surest half", value: half },
      { of: "the surest 80 %", value: most },
      { of: "all", value: all },
      { of: "mean over all shares", value: area }
    ],
    [
      { title: "WRONG IF ANSWERED (RISK)", value: ({ of }) => of.padEnd(24) },
      { title: "", value: ({ value }) => plain(value).padStart(7) }
    ]
  )
  return [head, ranking, answers, refusals, risks].join("\n\n")
}

const exported = Command.make(
  "export",
  {},
  Effect.fn(function* () {
    const all = yield* JudgedAnswers.cases.pipe(Effect.provide(Sqlite.layer))
    for (const one of all) yield* Console.log(JSON.stringify(one))
  })
).pipe(
  Command.withDescription(
    "Print the questions of the last 15 days whose answers people judged, as lines of questions.jsonl"
  ),
  Command.withExamples([
    {
      command: "rtfm eval export > questions.jsonl",
      description: "To be read through before it is used: people wrote it"
    }
  ])
)

export const evaluate = Command.make(
  "eval",
  {
    data: Flag.String("data").pipe(
      Flag.withDescription(
        "Folder with chunks.jsonl and questions.jsonl, or windows.jsonl and questions-windows.jsonl"
      ),
      Flag.optional
    ),
    docs: Flag.String("docs").pipe(
      Flag.withDescription("Folder or file of documentation to ask about with --questions; may be repeated"),
      Flag.atLeast(0)
    ),
    chunks: Flag.String("chunks").pipe(
      Flag.withDescription('The corpus: a line is { "id", "title", "text" }; windows*.jsonl is read as chat'),
      Flag.optional
    ),
    questions: Flag.String("questions").pipe(
      Flag.withDescription('The questions: a line is { "id", "question", "gold_ids", "answer", "group" }'),
      Flag.optional
    ),
    offTopic: Flag.String("off-topic").pipe(
      Flag.withDescription("Folder or file of questions that the corpus cannot answer; may be repeated"),
      Flag.atLeast(0)
    ),
    cache: Flag.String("cache").pipe(
      Flag.withDescription("File that keeps vectors from run to run; in the user's cache folder when absent"),
      Flag.optional
    ),
    failBelow: Flag.String("fail-below").pipe(
      Flag.withDescription('File of the least figures, as { "mrr@3": 0.9, "refusals:off topic": 0.95 }'),
      Flag.optional
    ),
    model: Flag.Boolean("model").pipe(
      Flag.withDescription("Let Gemini write, as GEMINI_API_KEY and GEMINI_MODEL say; two answers a question"),
      Flag.withDefault(false)
    ),
    judge: Flag.String("judge").pipe(
      Flag.withDescription("Model of Gemini that says which answers are as expected, by its name with the version"),
      Flag.optional
    ),
    rounds: Flag.Int("rounds").pipe(
      Flag.withDescription("How often the judge is asked of every answer, to know how far it agrees with itself"),
      Flag.withDefault(3)
    ),
    json
  },
  Effect.fn(function* (options) {
    const { name, set } = yield* setOf(options)
    const offTopic = yield* Effect.forEach(options.offTopic, readOffTopic)
    const cache = Option.isSome(options.cache) ? options.cache.value : yield* defaultCache
    const key = Option.getOrUndefined(yield* apiKey.config)
    const wanted = options.model ? "--model" : Option.isSome(options.judge) ? "--judge" : undefined
    if (wanted !== undefined && key === undefined) return yield* needsKey(wanted)
    if (options.rounds < 1) return yield* new CommandError({ detail: "--rounds takes a number from 1" })
    const writer = options.model && key !== undefined ? layerGemini(key) : QuotingWriter.layer
    const report = yield* Effect.gen(function* () {
      const judge =
        Option.isSome(options.judge) && key !== undefined
          ? yield* judgeOf(options.judge.value, options.rounds, key)
          : undefined
      return yield* Evaluation.run({
        set,
        offTopic,
        progress: bars(),
        model: options.model,
        ...(judge !== undefined && { judge })
      })
    }).pipe(Effect.provide(system(cache, writer)))
    yield* options.json ? printJson(report) : Console.log(text(name, report))
    if (Option.isSome(options.failBelow)) yield* gate(report, options.failBelow.value)
  })
).pipe(
  Command.withDescription("Measure retrieval, refusals and quotes on questions with known answers"),
  Command.withSubcommands([exported]),
  Command.withExamples([
    { command: "rtfm eval --data ../data/product-docs", description: "A folder of JSONL files" },
    {
      command: "rtfm eval --chunks chunks.jsonl --questions questions.jsonl --json",
      description: "Two files, for a program"
    },
    {
      command: "rtfm eval --docs README.md --docs docs --questions questions.jsonl --fail-below least.json",
      description: "Documentation of one's own, failing where it is worse than it was"
    },
    {
      command: "rtfm eval --data docs-set --model --judge gemini-3.8-flash",
      description: "What Gemini writes, judged three times by a model that stays the same"
    },
    {
      command: "rtfm eval --data docs-set --off-topic chat-set --off-topic code-set",
      description: "Also how often it answers what it cannot know"
    }
  ])
)
