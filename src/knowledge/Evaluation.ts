/** Measures a corpus and its questions through the code that answers people: Passages, Retriever, Writer. */
import { Data, Effect } from "effect"
import { verify } from "../domain/Citations.ts"
import type { Audience } from "../domain/Audience.ts"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import type { DocumentRecord } from "../domain/Document.ts"
import { standalone } from "../domain/FollowUp.ts"
import type { Grounds } from "../domain/Grounds.ts"
import { textToEmbed } from "../domain/Retrieval.ts"
import { Embedder } from "../model/Embedder.ts"
import { Writer, type Written } from "../model/Writer.ts"
import { VectorStore } from "../vectors/VectorStore.ts"
import { Calibration } from "./Calibration.ts"
import { collectionOf, metadataOf } from "./Collections.ts"
import type { EvaluationChunk, EvaluationQuestion, EvaluationSet } from "./EvaluationSet.ts"
import {
  auroc,
  hitAt,
  mean,
  percentile,
  type Ranking,
  recallAt,
  reciprocalRankAt,
  type Risk,
  riskOf,
  shareSaid,
  tokenF1
} from "./Metrics.ts"
import { type Chunk, Passages } from "./Passages.ts"
import { Retriever } from "./Retriever.ts"

/** Called again and again while long work goes on. */
export type Progress = (step: string, done: number, total: number) => Effect.Effect<void>

export interface OffTopic {
  readonly name: string
  readonly questions: ReadonlyArray<EvaluationQuestion>
}

/** Says whether answers are right, as often as it is asked to: a model does not always say the same. */
export interface Judge {
  readonly model: string
  readonly times: number
  readonly isRight: (answer: {
    readonly question: string
    readonly expected: string
    readonly answer: string
  }) => Effect.Effect<boolean, JudgeError>
}

export class JudgeError extends Data.TaggedError("JudgeError")<{
  /** One sentence. */
  readonly detail: string
}> {
  override get message() {
    return this.detail
  }
}

/** Shares are from 0 to 1. */
export interface Report {
  readonly chunks: number
  readonly passages: number
  readonly questions: number
  readonly "hit@1": number
  readonly "hit@3": number
  readonly "hit@5": number
  readonly "hit@10": number
  readonly "recall@3": number
  readonly "recall@5": number
  readonly "mrr@3": number
  readonly "mrr@10": number
  /** Questions of the corpus that were answered, and that were refused. */
  readonly answered: number
  readonly refusals: number
  /** Questions that text search served alone, because the embedder did not. */
  readonly textAlone: number
  /** Words shared by quotes and expected answers; `null` without expected answers. */
  readonly tokenF1: number | null
  /** Questions of which at least one answering span is quoted, 80 % of its words or more; `null` without spans. */
  readonly spanQuoted: number | null
  /**
   * The same questions after what answers them is taken away: how many are still answered, and how well the grounds
   * tell the two apart (`auroc`).
   */
  readonly unanswerable: { readonly answered: number; readonly auroc: number | null }
  /**
   * How much there is to answer from as a measure of how right an answer can be: wrong is one with nothing that answers
   * the question among the three best, and any to a question that is to be refused.
   */
  readonly risk: Risk
  /** What a model adds: answers that it wrote, and the same of `unanswerable` by what it says of being sure. */
  readonly byModel: {
    readonly written: number
    readonly unanswerable: { readonly answered: number; readonly auroc: number | null }
  } | null
  /** Answers with an expected one that are right, by a judge: on the whole, and in its strictest and mildest round. */
  readonly judged: {
    readonly model: string
    readonly times: number
    readonly right: number
    readonly lowest: number
    readonly highest: number
  } | null
  /** Quotes that occur verbatim in their passages. */
  readonly verifiedQuotes: number
  /** Time of a question outside the model. */
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  /** Questions that the corpus cannot answer, by where they come from. */
  readonly offTopic: ReadonlyArray<{
    readonly name: string
    readonly questions: number
    readonly answered: number
    readonly refusals: number
    /** How well the grounds tell the questions of the corpus from these. */
    readonly auroc: number | null
  }>
  /** Of questions that have a group, besides their part in the figures of all. */
  readonly [figure: `${"recall@5" | "mrr@10" | "answered"}:${string}`]: number
}

const serverId = "evaluation"
/** A span of which this share of words is quoted is told to the reader. */
const quotedShare = 0.8
const documentsAtOnce = 100
const vectorsAtOnce = 64

const recordsOf = ({ id, text, title = "" }: EvaluationChunk): DocumentRecord => ({
  type: "chunk",
  documentId: id,
  source: serverId,
  version: "1",
  total: 1,
  chunk: { id, ordinal: 0, title, text, url: `#${id}` }
})

/** Each window is a channel of its own, so that its messages stay together. */
const eventsOf = ({ id, text }: EvaluationChunk): ReadonlyArray<ChatEvent> =>
  text.split("\n").map((line, i) => ({
    type: "created",
    message: {
      id: `${id}-${i}`,
      serverId,
      channelId: id,
      author: { id: "someone", name: "someone", bot: false },
      text: line,
      mentionsBot: false,
      url: `#${id}`,
      createdAt: i,
      editedAt: i
    }
  }))

const idOf = (chunk: Chunk): string => chunk.channelId ?? chunk.id

const batches = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

const learn = Effect.fnUntraced(function* ({ chunks, kind }: EvaluationSet, progress: Progress) {
  const passages = yield* Passages
  let done = 0
  for (const batch of batches(chunks, documentsAtOnce)) {
    yield* kind === "chat" ? passages.applyChat(batch.flatMap(eventsOf)) : passages.applyDocuments(batch.map(recordsOf))
    yield* progress("reading", (done += batch.length), chunks.length)
  }
})

const embed = Effect.fnUntraced(function* (progress: Progress) {
  const passages = yield* Passages
  const embedder = yield* Embedder
  const vectors = yield* VectorStore
  const total = yield* passages.countUnembedded(embedder.id)
  const next = Effect.gen(function* () {
    const waiting = yield* passages.unembedded(embedder.id, vectorsAtOnce)
    const embedded = yield* embedder.embedPassages(
      waiting.map((each) => textToEmbed({ ...each, text: each.passage.text }))
    )
    const rows = waiting.map((each, i) => ({
      each,
      id: each.passage.id,
      vector: embedded[i]!,
      metadata: metadataOf(each)
    }))
    for (const [server, group] of Map.groupBy(rows, ({ each }) => each.serverId)) {
      yield* vectors.upsert(collectionOf(server, embedder.id), group)
    }
    yield* passages.markEmbedded(
      embedder.id,
      waiting.map(({ passage }) => passage.id)
    )
    return waiting.length
  })
  for (let done = 0; done < total;) yield* progress("embedding", (done += yield* next), total)
})

interface Asked {
  readonly group: string | undefined
  readonly ranking: Ranking
  readonly refused: boolean
  readonly textAlone: boolean
  readonly f1: number | null
  readonly spanQuoted: number | null
  /** How much there is to answer from, and how much without what answers it. */
  readonly grounds: number
  readonly groundsWithout: Grounds
  readonly verified: ReadonlyArray<boolean>
  readonly ms: number
  readonly answer: { readonly question: string; readonly text: string; readonly expected: string | undefined }
  /** How sure a model is, and how sure without what answers the question; `null` where no model is asked. */
  readonly byModel: {
    readonly written: boolean
    readonly sure: number
    readonly without: { readonly refused: boolean; readonly sure: number }
  } | null
}

/** A model that says nothing of it is as sure as its answer looks. */
const sureOf = ({ certainty, refused }: Written): number => certainty ?? (refused ? 0 : 1)

const contextOf = ({ before = [] }: EvaluationQuestion) => ({
  before: before.map((text) => ({ name: "somebody", bot: false, text }))
})

const asking = Effect.fnUntraced(function* (withModel: boolean) {
  const retriever = yield* Retriever
  const writer = yield* Writer
  const embedder = yield* Embedder
  /** Chunks of documents are left out; windows of chat go with the channels they are. */
  const retrieveWithout = (question: string, { channelIds, serverId }: Audience, gold: ReadonlySet<string>) =>
    retriever.retrieve(question, { serverId, channelIds: channelIds.difference(gold) }, { without: gold })
  return Effect.fnUntraced(function* (audience: Audience, each: EvaluationQuestion) {
    const { answer, gold_ids, group, spans } = each
    const context = contextOf(each)
    // As the Answerer does it.
    const question = standalone(each.question, context)
    // Its vector is known by then, so that the time measured is that of everything else.
    yield* Effect.ignore(embedder.embedQueries([question]))
    const start = performance.now()
    const retrieval = yield* retriever.retrieve(question, audience)
    const ms = performance.now() - start
    const written = yield* writer.write(each.question, retrieval, { context })
    const { citations, refused, text } = written
    const gold = new Set(gold_ids)
    const without = yield* retrieveWithout(question, audience, gold)
    // What is to be refused has nothing that could be taken away.
    const writtenWithout =
      withModel && gold.size > 0 ? yield* writer.write(each.question, without, { context }) : written
    const said = citations.map(({ quote }) => quote).join(" ")
    return {
      group,
      ranking: { found: retrieval.found.map(({ chunk }) => idOf(chunk)), gold },
      refused,
      textAlone: retrieval.vector === null,
      f1: answer === undefined ? null : tokenF1(said, answer),
      spanQuoted: spans === undefined ? null : Number(spans.some((span) => shareSaid(said, span) >= quotedShare)),
      grounds: retrieval.grounds.score,
      groundsWithout: without.grounds,
      verified: citations.map(verify),
      ms,
      answer: { question: each.question, text: refused ? "" : text, expected: answer },
      byModel: withModel
        ? {
            written: written.mode === "model",
            sure: sureOf(written),
            without: { refused: writtenWithout.refused, sure: sureOf(writtenWithout) }
          }
        : null
    } satisfies Asked
  })
})

const answeredShare = (asked: ReadonlyArray<Asked>) => {
  const answered = mean(asked.map(({ refused }) => (refused ? 0 : 1)))
  return { questions: asked.length, answered, refusals: asked.length === 0 ? 0 : 1 - answered }
}

const meanOfKnown = (values: ReadonlyArray<number | null>) => {
  const some = values.filter((value) => value !== null)
  return some.length === 0 ? null : mean(some)
}

const unanswerable = (asked: ReadonlyArray<Asked>): Report["unanswerable"] => ({
  answered: mean(asked.map(({ groundsWithout }) => Number(groundsWithout.enough))),
  auroc: auroc(
    asked.map(({ grounds }) => grounds),
    asked.map(({ groundsWithout }) => groundsWithout.score)
  )
})

const byModel = (asked: ReadonlyArray<Asked>, others: ReadonlyArray<Asked>): Report["byModel"] => {
  const those = asked.flatMap(({ byModel }) => byModel ?? [])
  if (those.length === 0) return null
  const all = [...those, ...others.flatMap(({ byModel }) => byModel ?? [])]
  return {
    written: mean(all.map(({ written }) => Number(written))),
    unanswerable: {
      answered: mean(those.map(({ without }) => Number(!without.refused))),
      auroc: auroc(
        those.map(({ sure }) => sure),
        those.map(({ without }) => without.sure)
      )
    }
  }
}

/** Asks the judge of every answer, as many times as it wants; a refusal is not right. */
const judgedBy = Effect.fnUntraced(function* (judge: Judge, asked: ReadonlyArray<Asked>, progress: Progress) {
  const answers = asked.flatMap(({ answer: { expected, question, text } }) =>
    expected === undefined ? [] : [{ question, expected, answer: text }]
  )
  let done = 0
  const isRight = (answer: (typeof answers)[number]) =>
    Effect.tap(answer.answer === "" ? Effect.succeed(false) : judge.isRight(answer), () =>
      progress("judging", (done += 1), answers.length * judge.times)
    )
  const rounds = yield* Effect.forEach(Array.from({ length: judge.times }), () =>
    Effect.map(Effect.forEach(answers, isRight), (right) => mean(right.map(Number)))
  )
  return {
    model: judge.model,
    times: judge.times,
    right: mean(rounds),
    lowest: Math.min(...rounds),
    highest: Math.max(...rounds)
  }
})

const ofGroups = (asked: ReadonlyArray<Asked>) =>
  Object.fromEntries(
    [...Map.groupBy(asked, ({ group }) => group)].flatMap(([group, those]) => {
      const over = (metric: (ranking: Ranking) => number) => mean(those.map(({ ranking }) => metric(ranking)))
      return group === undefined
        ? []
        : [
            [`recall@5:${group}`, over(recallAt(5))],
            [`mrr@10:${group}`, over(reciprocalRankAt(10))],
            [`answered:${group}`, answeredShare(those).answered]
          ]
    })
  ) as Record<`${"recall@5" | "mrr@10" | "answered"}:${string}`, number>

/** `own` are those of `refusable` that are of the set: how many there are of others says nothing about the risk of answering. */
const reportOf = (
  asked: ReadonlyArray<Asked>,
  own: ReadonlyArray<Asked>,
  refusable: ReadonlyArray<Asked>,
  rest: Pick<Report, "chunks" | "passages" | "offTopic" | "judged">
): Report => {
  const over = (metric: (ranking: Ranking) => number) => mean(asked.map(({ ranking }) => metric(ranking)))
  const times = asked.map(({ ms }) => ms)
  return {
    ...rest,
    ...answeredShare(asked),
    "hit@1": over(hitAt(1)),
    "hit@3": over(hitAt(3)),
    "hit@5": over(hitAt(5)),
    "hit@10": over(hitAt(10)),
    "recall@3": over(recallAt(3)),
    "recall@5": over(recallAt(5)),
    "mrr@3": over(reciprocalRankAt(3)),
    "mrr@10": over(reciprocalRankAt(10)),
    textAlone: mean(asked.map(({ textAlone }) => Number(textAlone))),
    tokenF1: meanOfKnown(asked.map(({ f1 }) => f1)),
    spanQuoted: meanOfKnown(asked.map(({ spanQuoted }) => spanQuoted)),
    unanswerable: unanswerable(asked),
    risk: riskOf([
      ...asked.map(({ grounds, ranking }) => ({ score: grounds, right: hitAt(3)(ranking) === 1 })),
      ...own.map(({ grounds }) => ({ score: grounds, right: false }))
    ]),
    byModel: byModel(asked, refusable),
    verifiedQuotes: mean(asked.flatMap(({ verified }) => verified).map(Number)),
    latencyMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
    ...ofGroups(asked)
  }
}

/** Needs Passages and vectors of its own: what it learns stays in them. */
export const run = Effect.fn("Evaluation.run")(function* (options: {
  readonly set: EvaluationSet
  readonly offTopic?: ReadonlyArray<OffTopic>
  readonly progress?: Progress
  /** A model writes. */
  readonly model?: boolean
  readonly judge?: Judge
}) {
  const { judge, model = false, offTopic = [], progress = () => Effect.void, set } = options
  const passages = yield* Passages
  const calibration = yield* Calibration
  yield* learn(set, progress)
  // As for people: text search alone serves when there are no vectors.
  yield* embed(progress).pipe(Effect.catchTag("EmbedderError", ({ detail }) => Effect.logWarning(detail)))

  const channels = set.kind === "chat" ? set.chunks.map(({ id }) => id) : []
  const audience = { serverId, channelIds: new Set(channels) }
  yield* calibration.calibrate(audience)

  const ask = yield* asking(model)
  const answerable = set.questions.filter(({ gold_ids }) => gold_ids.length > 0)
  const groups = Map.groupBy(
    set.questions.filter(({ gold_ids }) => gold_ids.length === 0),
    ({ group = "unanswerable" }) => group
  )
  const own = [...groups].map(([name, questions]) => ({ name, questions }))
  const total = [...own, ...offTopic].reduce((sum, { questions }) => sum + questions.length, answerable.length)
  let done = 0
  const askAll = (questions: ReadonlyArray<EvaluationQuestion>) =>
    Effect.forEach(questions, (question) =>
      Effect.tap(ask(audience, question), () => progress("asking", (done += 1), total))
    )
  const asked = yield* askAll(answerable)
  const askGroups = (groups: ReadonlyArray<OffTopic>) =>
    Effect.forEach(groups, ({ name, questions }) => Effect.map(askAll(questions), (those) => ({ name, those })))
  const ownRefusable = yield* askGroups(own)
  const refusable = [...ownRefusable, ...(yield* askGroups(offTopic))]
  const { chunks, passages: count } = yield* passages.counts
  return reportOf(
    asked,
    ownRefusable.flatMap(({ those }) => those),
    refusable.flatMap(({ those }) => those),
    {
      chunks,
      passages: count,
      offTopic: refusable.map(({ name, those }) => ({
        name,
        ...answeredShare(those),
        auroc: auroc(
          asked.map(({ grounds }) => grounds),
          those.map(({ grounds }) => grounds)
        )
      })),
      judged: judge === undefined ? null : yield* judgedBy(judge, asked, progress)
    }
  )
})
