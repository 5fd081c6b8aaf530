/** Which sentences are quoted, and that they are what stands in the source. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { choose, quotablesOf, quotesOf, repeats, shortlist, type Source } from "../../src/domain/Quotes.ts"
import { termsOf, wordsOf } from "../../src/domain/Terms.ts"

const source = (text: string, more: Partial<Source> = {}): Source => ({
  kind: "document",
  title: "",
  texts: [text],
  relevance: 1,
  ...more
})
const quoted = (question: string, ...sources: ReadonlyArray<Source>) => {
  const terms = termsOf(question)
  return quotesOf(sources, choose(terms, shortlist(terms, quotablesOf(sources), 12), null))
}

describe("quotes", () => {
  it("prefer the sentence that has the question's words", () => {
    const quotables = quotablesOf([
      source("The broker is a file. Records are kept for seven days. It survives a crash.")
    ])
    const [best] = choose(termsOf("How long are records kept?"), quotables, null)
    assert.strictEqual(best!.sentence.text, "Records are kept for seven days.")
  })

  it("leave out what fits much worse than the best", () => {
    const quotables = quotablesOf([
      source("The broker is a file. Records are kept for seven days. It survives a crash.")
    ])
    const chosen = choose(termsOf("How long are records kept?"), quotables, [0.1, 0.8, 0.1])
    assert.deepStrictEqual(
      chosen.map(({ place }) => place),
      [1]
    )
  })

  it("want more of another source than of the one they began with", () => {
    const [drum, hour, oily] = [
      "The drum is greased with Molykote.",
      "It is done every 500 hours.",
      "The grinder jams on oily beans."
    ]
    const quotables = quotablesOf([source(`${drum} ${hour}`), source(oily!, { relevance: 0.4 })])
    const chosen = choose(termsOf("How is the drum greased?"), quotables, [0.8, 0.3, 0.45])
    assert.deepStrictEqual(
      chosen.map(({ sentence }) => sentence.text),
      [drum, hour]
    )
  })

  it("prefer the sentence whose vector is near, when words do not tell", () => {
    const quotables = quotablesOf([source("First thing said here. Second thing said here. Third thing said here.")])
    const [best] = choose(termsOf("unrelated"), quotables, [0.1, 0.9, 0.2])
    assert.strictEqual(best!.sentence.text, "Second thing said here.")
  })

  it("prefer statements to questions and labels", () => {
    const [quote] = quoted(
      "Are records kept?",
      source("Are records kept at all?\n\nRecords kept here now\n\nRecords are kept here.")
    )
    assert.strictEqual(quote!.quote, "Records are kept here.")
  })

  it("do not repeat themselves", () => {
    const quotes = quoted(
      "When are records kept?",
      source("Records are kept always."),
      source("Records are kept always.")
    )
    assert.strictEqual(quotes.length, 1)
  })

  it("do not quote the title as evidence", () => {
    assert.deepStrictEqual(
      quoted("retention of records", source("Retention of records", { title: "Broker › Retention of records" })),
      []
    )
  })

  it("join sentences of one paragraph that stand together", () => {
    const text = "The retention of a topic is seven days. Another retention is set for its records."
    assert.deepStrictEqual(
      quoted("What is the retention of a topic and of records?", source(text)).map(({ quote }) => quote),
      [text]
    )
  })

  it("take a part of what has no end", () => {
    const listing = `start ${"data ".repeat(200)}needle ${"data ".repeat(200)}`
    const [quote] = quoted("Where is the needle?", source(listing))
    assert.include(quote!.quote, "needle")
    assert.isAtMost(wordsOf(quote!.quote).length, 40)
    assert.include(listing, quote!.quote)
  })

  it("take a short message whole, and say which message", () => {
    const [quote] = quoted(
      "Where is the log?",
      source("", { kind: "chat", texts: ["hello there", "The log is in data. Look at it. It's plain text."] })
    )
    assert.deepStrictEqual(quote, {
      source: 0,
      text: 1,
      quote: "The log is in data. Look at it. It's plain text.",
      kind: "prose"
    })
  })

  it.prop(
    "are verbatim, at most three sentences and 100 words",
    [
      Schema.Array(
        Schema.Literals([
          "Records are kept for days. ",
          "So it is! ",
          "- a list of records\n",
          "\n\n",
          `${"records and more words ".repeat(12)}. `,
          `${"x ".repeat(95)}`
        ])
      ).check(Schema.isMaxLength(12))
    ],
    ([parts]) => {
      const text = parts.join("")
      const quotes = quoted("How are records kept?", source(text), source(`other ${text}`, { relevance: 0.8 }))
      const sources = [text, `other ${text}`]
      for (const quote of quotes) assert.include(sources[quote.source], quote.quote)
      assert.isAtMost(quotes.length, 3)
      assert.isAtMost(
        quotes.reduce((sum, { quote }) => sum + wordsOf(quote).length, 0),
        100
      )
    }
  )

  it("leave out what only says the question again, and nothing that is searched for by its words", () => {
    const question = "Which file holds the log?"
    assert.isTrue(repeats(question, 'rtfm ask "Which file holds the log?"'))
    assert.isFalse(repeats(question, "The file broker.db holds the log."))
    assert.isFalse(repeats("capped backoff", "Retries wait with capped backoff."))
  })
})
