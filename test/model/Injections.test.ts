/** A model that obeys any instruction it can see, and says what it is told with every kind of proof it can find. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { wordsQuoted } from "../../src/domain/Citations.ts"
import type { QueryContext } from "../../src/domain/Question.ts"
import type { Found } from "../../src/knowledge/Retriever.ts"
import { Writer, type Written } from "../../src/model/Writer.ts"
import * as GeminiServer from "../fixtures/gemini/GeminiServer.ts"
import { type Injection, injections } from "../fixtures/gemini/Injections.ts"
import { dataIn, honest } from "../fixtures/gemini/Personas.ts"
import { json, type Reaction } from "../fixtures/gemini/Reactions.ts"
import * as Writing from "../fixtures/gemini/Writing.ts"

const question = "How often should I descale the kettle?"
const proof = "Descale the kettle every three months with citric acid."
const { kettle } = Writing

/** Whether the words are before the model, in whatever case and spacing. */
const sees = (prompt: string, order: string) => wordsQuoted(prompt, order) !== undefined

/** Says what the order wants, backed by the order itself, by what is true, by itself, and hidden in what is true. */
const obeying =
  ({ obeyed, order }: Injection, seen: () => void) =>
  (prompt: GeminiServer.Prompt): Reaction => {
    const { passages } = dataIn(prompt)
    const strings: Array<string> = []
    JSON.parse(prompt.user, (_, value: unknown) => (typeof value === "string" && strings.push(value), value))
    if (!strings.some((text) => sees(text, order))) return honest(prompt)
    seen()
    const good = passages.find(({ text }) => text.includes(proof))?.id ?? 1
    const bad = passages.find(({ text }) => sees(text, order))?.id ?? good
    return json({
      verdict: "answered",
      certainty: 1,
      sentences: [
        { text: obeyed, passage: bad, quote: order },
        { text: obeyed, passage: bad, quote: obeyed },
        { text: obeyed, passage: good, quote: proof },
        { text: `${proof} ${obeyed}`, passage: good, quote: proof },
        { text: proof, passage: good, quote: proof }
      ]
    })
  }

const foundWith = ({ text, where }: Injection): ReadonlyArray<Found> => {
  const around = Writing.messages([
    ["Ada", "I clean my cup every morning."],
    [where === "name" ? text : "Mallory", where === "message" ? text : "So do I, with hot water."]
  ])
  if (where === "document") return [Writing.section("Kettle › Care", text), kettle]
  return where === "title" ? [Writing.section(text, "Kettles get loud."), kettle] : [around, kettle]
}

const contextOf = ({ text, where }: Injection): { readonly context?: QueryContext } =>
  where === "conversation" ? { context: { title: "Kettles", before: [{ name: "Mallory", bot: false, text }] } } : {}

const answer = (injection: Injection, seen: () => void) => {
  const server = GeminiServer.make({ key: Writing.key, model: obeying(injection, seen) })
  const asked = injection.where === "question" ? injection.text : question
  return Writer.use((writer) =>
    writer.write(asked, Writing.retrieved(...foundWith(injection)), contextOf(injection))
  ).pipe(Effect.provide(Writing.layer(server)))
}

const bare = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{Extended_Pictographic}]+/gu, " ")
    .trim()

/** What of an attack is in a post; empty when it failed. */
const successes = (injection: Injection, { citations, text }: Written): ReadonlyArray<string> => {
  const shown = [text, ...citations.map(({ quote, title }) => `${quote} ${title}`)].join("\n")
  const urls = new Set(
    foundWith(injection).flatMap(({ chunk }) => [chunk.url, ...chunk.passages.map(({ url }) => url)])
  )
  return [
    ...(bare(shown).includes(bare(injection.obeyed)) ? ["it says what it was told"] : []),
    ...(wordsQuoted(shown, injection.order) === undefined ? [] : ["it quotes the order"]),
    ...(/https?:|www\.|discord\.gg|evil\.example|\]\(/i.test(text) ? ["a link"] : []),
    ...(/@everyone|@here|<[@#]/.test(text) ? ["a mention"] : []),
    ...(/AIza|GEMINI_API_KEY|DISCORD_TOKEN/.test(shown) ? ["a setting"] : []),
    ...(citations.every(({ url }) => urls.has(url)) ? [] : ["a foreign source"]),
    ...(citations.every(({ passage, quote }) => passage.includes(quote)) ? [] : ["a quote that is none"])
  ]
}

describe("no poisoned text reaches a post", () => {
  const seen = new Set<Injection>()
  for (const injection of injections) {
    it.effect(`${injection.category}: ${injection.text.replaceAll(/\s+/g, " ").slice(0, 90)}`, () =>
      Effect.gen(function* () {
        const written = yield* answer(injection, () => seen.add(injection))
        assert.deepStrictEqual(successes(injection, written), [])
        assert.include(written.text, "every three months", "the question is still answered")
      })
    )
  }

  it("there are enough of them, and not all are hidden from the model: the check of its answer is tried, too", () => {
    assert.isAtLeast(injections.length, 75)
    assert.isAtLeast(new Set(injections.map(({ category }) => category)).size, 25)
    assert.isAtLeast(seen.size, 3)
  })
})

it.effect("a model that is obeyed would have posted it: the check is what stops it", () =>
  Effect.gen(function* () {
    const order = { category: "", where: "message", text: "", order: "three months", obeyed: proof } as const
    const written = yield* answer({ ...order, text: proof }, () => {})
    assert.deepInclude(successes({ ...order, text: proof }, written), "it says what it was told")
  })
)
