/**
 * Answers written by a language model, of which only what is proven is kept: each sentence names a passage and words that
 * occur in it. When no model writes, the writer below answers with quotes, and says so.
 */
import { Effect, type ExecutionPlan, Metric, Semaphore, Stream } from "effect"
import { AiError, LanguageModel, Prompt } from "effect/ai"
import type { Citation } from "../domain/Answer.ts"
import { bearsOut, concerns } from "../domain/Citations.ts"
import { type Claim, Draft, parse, read, type Verdict } from "../domain/Claims.ts"
import { addressesIn, inert } from "../domain/Inert.ts"
import { standalone } from "../domain/FollowUp.ts"
import { type Reason, refusal } from "../domain/Refusal.ts"
import { speaksToMachine } from "../domain/Screening.ts"
import type { Found, Retrieval } from "../knowledge/Retriever.ts"
import type { Allowance } from "./Allowance.ts"
import { instructions } from "./Instructions.ts"
import { OutputSchema } from "./OutputSchema.ts"
import { citationOf, dataOf, type Source, sourcesOf, wordsShown } from "./Sources.ts"
import { Writer, type WriteOptions, type Written, type WriterStatus } from "./Writer.ts"

/** Sentences of an answer, and characters of one. */
const most = { sentences: 8, characters: 600 }
/** A model that is less sure is taken to have found no answer. */
const leastCertainty = 0.5
/** How long a model, and the one after it, may take together; then there are quotes. */
const patience = "30 seconds"

const outcomes = ["verified", "unknown-passage", "not-in-passage", "unsupported"] as const
type Outcome = (typeof outcomes)[number]
const verdicts = ["answered", "conflicting", "unanswered"] as const
const lacks = ["limit", "budget", "person", "down", "nonsense"] as const
type Lack = (typeof lacks)[number]

const sentencesTotal = Metric.counter("rtfm_answer_sentences_total", {
  description: "Sentences that a model wrote: verified ones are said, the others dropped, by what is wrong with them",
  incremental: true
})
const verdictsTotal = Metric.counter("rtfm_answer_verdicts_total", {
  description: "What a model decided before writing: whether the passages answer the question",
  incremental: true
})
const unprovenTotal = Metric.counter("rtfm_answer_unproven_total", {
  description: "Answers of which nothing was left once it was checked, and which became refusals",
  incremental: true
})
const quotedTotal = Metric.counter("rtfm_answer_quoted_total", {
  description: "Answers that are quotes although a model is set up, by why it did not write",
  incremental: true
})

/** Shows every count from the start, so that a rate is known from the first event on. */
const zero = Effect.all(
  [
    ...outcomes.map((outcome) => Metric.update(Metric.withAttributes(sentencesTotal, { outcome }), 0)),
    ...verdicts.map((verdict) => Metric.update(Metric.withAttributes(verdictsTotal, { verdict }), 0)),
    ...lacks.map((why) => Metric.update(Metric.withAttributes(quotedTotal, { why }), 0)),
    Metric.update(unprovenTotal, 0)
  ],
  { discard: true }
)

/** A sentence that is proven. */
interface Proven {
  readonly text: string
  readonly source: Source
  /** The source's own words. */
  readonly quote: string
}

const prove = (
  question: string,
  sources: ReadonlyArray<Source>,
  { passage, quote, text }: Claim
): Proven | Exclude<Outcome, "verified"> => {
  const source = sources.find(({ id }) => id === passage)
  if (source === undefined) return "unknown-passage"
  const words = wordsShown(source, quote)
  // A question proves nothing.
  if (words === undefined || /\?["')\]*_]*$/.test(words)) return "not-in-passage"
  const addresses = source.kind === "document" ? addressesIn(words) : []
  const said = inert(text.replaceAll(/\s*\[\d{1,3}\]/g, ""), { addresses }).slice(0, most.characters)
  // Who says something is not what it is about.
  const evidence = { quote: words, question, title: source.kind === "document" ? source.title : "" }
  const proven = said !== "" && bearsOut(said, evidence) && concerns(said, evidence)
  return proven && !speaksToMachine(said) ? { text: said, source, quote: words } : "unsupported"
}

/** Sentences with the numbers of what they cite; words that are cited twice have one number. */
const cited = (proven: ReadonlyArray<Proven>) => {
  const citations: Array<Citation> = []
  const sentences = proven.map(({ quote, source, text }) => {
    const next = citationOf(source, quote, citations.length + 1)
    const known = citations.find((each) => each.quote === quote && each.passageId === next.passageId)
    if (known === undefined) citations.push(next)
    return { text, source, n: (known ?? next).n }
  })
  return { sentences, citations }
}

const day = (millis: number) => new Date(millis).toISOString().slice(0, 10)

const newestFirst = (proven: ReadonlyArray<Proven>) => [...proven].sort((a, b) => b.source.editedAt - a.source.editedAt)

const render = (verdict: Verdict, proven: ReadonlyArray<Proven>): Pick<Written, "text" | "citations"> => {
  const disagree = verdict === "conflicting" && proven.length > 1
  const { citations, sentences } = cited(disagree ? newestFirst(proven) : proven)
  const text = disagree
    ? [
        "The sources disagree; the newest comes first:\n",
        ...sentences.map(({ n, source, text }) => `- ${text} [${n}] (${day(source.editedAt)})`)
      ].join("\n")
    : sentences.map(({ n, text }) => `${text} [${n}]`).join(" ")
  return { text, citations }
}

const refused = (reason: Reason, found: ReadonlyArray<Found>): Written => ({
  text: refusal(
    reason,
    found.map(({ chunk }) => chunk)
  ),
  refused: true,
  mode: "model",
  citations: []
})

const nonsense = AiError.make({
  module: "ModelWriter",
  method: "write",
  reason: new AiError.InvalidOutputError({ description: "The model did not write what it was asked for." })
})

const lackOf = ({ reason }: AiError.AiError): Lack => {
  if (reason._tag === "RateLimitError" || reason._tag === "QuotaExhaustedError") return "limit"
  return reason._tag === "InvalidOutputError" ? "nonsense" : "down"
}

/** Why these are quotes, for the person who asked. */
const noticeOf = (lack: Lack, answersPerPerson: number | undefined): string => {
  switch (lack) {
    case "limit":
      return "The language model has had as many calls as it may for now, so this is quoted from the sources."
    case "budget":
      return "Today's budget for the language model is used up, so until midnight UTC answers are quoted from the sources."
    case "person":
      return `You have had your ${answersPerPerson === 1 ? "written answer" : `${answersPerPerson} written answers`} for today, so until midnight UTC yours are quoted from the sources.`
    case "nonsense":
      return "The language model wrote nothing that can be used, so this is quoted from the sources."
    case "down":
      return "The language model does not answer at the moment, so this is quoted from the sources."
  }
}

export interface Options {
  /** The models to try, in order. */
  readonly plan: ExecutionPlan.ExecutionPlan<{
    provides: LanguageModel.LanguageModel
    input: AiError.AiError
    error: never
    requirements: never
  }>
  readonly allowance: Allowance["Service"]
  readonly status: Effect.Effect<WriterStatus>
}

/** Over the writer of the context, which answers when no model does. */
export const make = Effect.fnUntraced(function* ({ allowance, plan, status }: Options) {
  const below = yield* Writer
  yield* zero

  /** One model's answer; fails when it gives none. */
  const ask = Effect.fnUntraced(function* (question: string, { found }: Retrieval, { context, onDraft }: WriteOptions) {
    const sources = sourcesOf(found)
    // What a follow-up leaves out may be repeated, too.
    const asked = standalone(question, context)
    const proven: Array<Proven> = []
    let [json, seen] = ["", 0]
    let verdict: Verdict | undefined

    const take = Effect.fnUntraced(function* (claim: Claim) {
      const result = prove(asked, sources, claim)
      const outcome = typeof result === "string" ? result : "verified"
      yield* Metric.update(Metric.withAttributes(sentencesTotal, { outcome }), 1)
      if (typeof result === "string") return
      proven.push(result)
      if (onDraft !== undefined) yield* onDraft(render(verdict ?? "answered", proven).text)
    })

    const more = Effect.fnUntraced(function* (delta: string) {
      json += delta
      // Only where a member or an object ends is there more to know.
      if (!/[,}\]]/.test(delta)) return
      const reading = read(json)
      const unsure = (reading.certainty ?? 1) < leastCertainty && reading.verdict === "answered"
      verdict = unsure ? "unanswered" : reading.verdict
      if (verdict === undefined || verdict === "unanswered") return
      const claims = reading.claims.slice(seen, most.sentences)
      seen += claims.length
      yield* Effect.forEach(claims, take, { discard: true })
    })

    const prompt = Prompt.make(dataOf(question, sources, context)).pipe(Prompt.setSystem(instructions))
    yield* LanguageModel.streamText({ prompt }).pipe(
      Stream.provideService(OutputSchema, Draft),
      Stream.tap((part) => (part.type === "text-delta" ? more(part.delta) : Effect.void)),
      // Nothing more needs to be written, or paid for.
      Stream.takeUntil(() => verdict === "unanswered"),
      Stream.runDrain
    )
    if (verdict === undefined || (verdict !== "unanswered" && parse(json) === undefined)) return yield* nonsense
    yield* Metric.update(Metric.withAttributes(verdictsTotal, { verdict }), 1)
    if (verdict !== "unanswered" && proven.length === 0) yield* Metric.update(unprovenTotal, 1)
    const certainty = read(json).certainty
    const sure = certainty === undefined ? {} : { certainty }
    if (verdict === "unanswered") return { ...refused("unanswered", found), ...sure }
    if (proven.length === 0) return { ...refused("unproven", found), ...sure }
    return { ...render(verdict, proven), refused: false, mode: "model" as const, ...sure }
  })
  /** A model that declines has answered, and no other is asked. */
  const askOnce = (question: string, retrieval: Retrieval, options: WriteOptions) =>
    Effect.catchReason(ask(question, retrieval, options), "AiError", "ContentPolicyError", () =>
      Effect.succeed(refused("declined", retrieval.found))
    )

  const quoted = Effect.fnUntraced(function* (lack: Lack, question: string, retrieval: Retrieval) {
    yield* Metric.update(Metric.withAttributes(quotedTotal, { why: lack }), 1)
    const written = yield* below.write(question, retrieval)
    const text = written.refused ? written.text : `${noticeOf(lack, allowance.answersPerPerson)}\n\n${written.text}`
    return { ...written, mode: "quoted" as const, text }
  })

  /** Where a person's answers are counted, theirs are written one by one, so that they get no more than they may. */
  const turns = new Map<string, { readonly turn: Semaphore.Semaphore; count: number }>()
  const inTurn =
    (askerId: string | undefined) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
      if (askerId === undefined || allowance.answersPerPerson === undefined) return effect
      return Effect.suspend(() => {
        const own = turns.get(askerId) ?? { turn: Semaphore.makeUnsafe(1), count: 0 }
        turns.set(askerId, own)
        own.count += 1
        const left = Effect.sync(() => {
          if (--own.count === 0) turns.delete(askerId)
        })
        return Effect.ensuring(own.turn.withPermit(effect), left)
      })
    }

  const writeNow = Effect.fnUntraced(function* (question: string, retrieval: Retrieval, options: WriteOptions) {
    const allowed = yield* allowance.check(options.askerId)
    if (allowed !== "open") return yield* quoted(allowed, question, retrieval)
    return yield* askOnce(question, retrieval, options).pipe(
      Effect.withExecutionPlan(plan),
      Effect.tap(() => allowance.wrote(options.askerId)),
      Effect.timeout(patience),
      Effect.catchTags({
        TimeoutError: () => quoted("down", question, retrieval),
        AiError: (error) =>
          Effect.andThen(Effect.logDebug(error.reason.message), quoted(lackOf(error), question, retrieval))
      })
    )
  })

  const write = Effect.fn("Writer.write")(function* (
    question: string,
    retrieval: Retrieval,
    options: WriteOptions = {}
  ) {
    if (!retrieval.grounds.enough) return refused("nothing", retrieval.found)
    return yield* inTurn(options.askerId)(writeNow(question, retrieval, options))
  })

  return Writer.of({ write, status })
})
