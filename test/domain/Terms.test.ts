/** Words are those of SQLite's text index; terms are what a question is about. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { DatabaseSync } from "node:sqlite"
import { occurring, stemsOf, termsOf, wordsOf } from "../../src/domain/Terms.ts"

const db = new DatabaseSync(":memory:")
db.exec(`CREATE VIRTUAL TABLE t USING fts5(text, tokenize = 'unicode61 remove_diacritics 2');
  CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')`)
const indexed = (text: string): ReadonlyArray<string> => {
  db.exec("DELETE FROM t")
  db.prepare("INSERT INTO t (text) VALUES (?)").run(text)
  return db
    .prepare("SELECT term FROM v ORDER BY offset")
    .all()
    .map((row) => String(row["term"]))
}

describe("wordsOf", () => {
  const samples = [
    "How do I set DATA_DIR?",
    "the bot’s “own” words — or not",
    "Crème brûlée, naïve façade, Ångström, Đà Nẵng",
    "claude-3.5@20240620 v2.0.1",
    "ünïcödé 日本語 русский Ελληνικά",
    "x² + ½"
  ]
  for (const text of samples) {
    it(`splits as the text index does: ${text}`, () => {
      assert.deepStrictEqual(wordsOf(text), indexed(text))
    })
  }

  it.prop(
    "of any ASCII text are those of the text index",
    [Schema.String.check(Schema.isPattern(/^[\x20-\x7e\n]*$/))],
    ([text]) => {
      assert.deepStrictEqual(wordsOf(text), indexed(text))
    }
  )
})

describe("termsOf", () => {
  it("leaves out what every question has, and keeps one word for each stem", () => {
    assert.deepStrictEqual(termsOf("How do I ingest a folder, and ingesting which folders is slow?"), {
      words: ["ingesting", "folders", "slow"],
      stems: ["ingest", "folder", "slow"],
      parts: new Map<string, string>(),
      pairs: new Set(["ingest folder", "folder ingest", "folder slow"])
    })
  })

  it("searches by stop words when there is nothing else", () => {
    assert.deepStrictEqual(termsOf("Who are you?").words, ["who", "are", "you"])
  })

  it("is empty for a question without words", () => {
    assert.deepStrictEqual(termsOf("?!"), {
      words: [],
      stems: [],
      parts: new Map<string, string>(),
      pairs: new Set<string>()
    })
  })

  it("takes words of code apart, besides searching for them whole", () => {
    const { pairs, parts, words } = termsOf("What does DiffExecutor of HTTPServer return?")
    assert.deepStrictEqual(words, ["diffexecutor", "httpserver", "return"])
    assert.deepStrictEqual([...parts.values()], ["diff", "executor", "http", "server"])
    assert.isTrue(pairs.has("diff executor"))
  })

  it("looks at the first words of a pasted page only", () => {
    const page = Array.from({ length: 5_000 }, (_, i) => `word${i}`).join(" ")
    assert.strictEqual(termsOf(page).words.length, 64)
  })
})

/** As it is defined, for texts in lower case: every word is looked at. */
const occurringIn = (question: string, text: string) => {
  const { pairs: asked, stems: wanted } = termsOf(question)
  const [stems, pairs] = [new Set<string>(), new Set<string>()]
  const places: Array<{ readonly stem: string; readonly at: number }> = []
  let before = ""
  wordsOf(text).forEach((word, i) => {
    for (const stem of stemsOf(word)) {
      if (wanted.includes(stem)) {
        stems.add(stem)
        places.push({ stem, at: i + 1 })
        if (stems.has(before) && asked.has(`${before} ${stem}`)) pairs.add(`${before} ${stem}`)
      }
      before = stem
    }
  })
  return { stems, pairs, places }
}

describe("occurring", () => {
  it("misses no word, whatever its ending, and tells the same of text that is not ASCII", () => {
    let seed = 5
    const below = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    const pieces = [
      "y",
      "i",
      "e",
      "ing",
      "ed",
      "s",
      "es",
      "ation",
      "al",
      "at",
      "bl",
      "a",
      "tt",
      "ly",
      "9",
      "the",
      "rate"
    ]
    const word = () => Array.from({ length: 1 + below(3) }, () => pieces[below(pieces.length)]).join("")
    const words = (count: number) => Array.from({ length: count }, word)
    for (let round = 0; round < 300; round++) {
      const question = words(1 + below(6))
      const mixed = words(25).map((word) => (below(3) === 0 ? question[below(question.length)]! : word))
      const text = mixed.join(round % 3 === 0 ? " — " : " ") + (round % 3 === 1 ? " é" : "")
      const found = occurring(termsOf(question.join(" ")), [text])
      assert.deepStrictEqual(found, occurringIn(question.join(" "), text), `${question.join(" ")} in ${text}`)
    }
  })

  const terms = termsOf("rate limits of the messages API")

  it("finds stems and neighbours, stop words between them or not", () => {
    const { pairs, stems } = occurring(terms, ["Messages", "The rate is a limit."])
    assert.deepStrictEqual([...stems].sort(), ["limit", "messag", "rate"])
    assert.deepStrictEqual([...pairs], ["rate limit"])
  })

  it("takes the end of one text and the start of the next as neighbours", () => {
    assert.deepStrictEqual([...occurring(terms, ["Rate", "limits"]).pairs], ["rate limit"])
  })

  it("finds words of code by what they are made of, and tells where", () => {
    const asked = termsOf("executor differences")
    const { places, stems } = occurring(asked, ["fn new(inner: DiffExecutor)"])
    assert.deepStrictEqual([...stems], ["executor"])
    assert.deepStrictEqual(places, [{ stem: "executor", at: 4 }])
  })

  it("finds no neighbours with another word between them", () => {
    assert.strictEqual(occurring(terms, ["rate and price limits"]).pairs.size, 0)
  })
})

it("stems leave out stop words and keep repeats", () => {
  assert.deepStrictEqual(stemsOf("The folders of the folder"), ["folder", "folder"])
})
