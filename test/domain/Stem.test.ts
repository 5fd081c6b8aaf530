/** Stems agree with those of SQLite's text index, for words of every ending that the algorithm knows. */
import { assert, it } from "@effect/vitest"
import { DatabaseSync } from "node:sqlite"
import { stem } from "../../src/domain/Stem.ts"

const roots = `connect relate condition ration hop fall hiss fail file agree plaster motor conflat troubl siz happi sky
  yell ying yhag yes say enjoy analog digit general oper sens commun vietnam decis rigid sensib active adopt effect
  home probat control roll bow caress pon tie mess be is as bus gas a ab by i io aeiou xyz ssss bbb rhythm queue über`.split(
  /\s+/
)
const endings = `s es ies sses ss ed eed ing at bl iz y e ational tional enci anci izer logi bli alli entli eli ousli
  ization ation ator alism iveness fulness ousness aliti iviti biliti icate ative alize iciti ical ful ness al ance
  ence er ic able ible ant ement ment ent sion tion ion ou ism ate iti ous ive ize ll l`.split(/\s+/)

const indexed = (words: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const db = new DatabaseSync(":memory:")
  db.exec(`CREATE VIRTUAL TABLE t USING fts5(word, tokenize = 'porter unicode61 remove_diacritics 0');
    CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance'); BEGIN`)
  const insert = db.prepare("INSERT INTO t (rowid, word) VALUES (?, ?)")
  words.forEach((word, i) => insert.run(i + 1, word))
  const rows = db.prepare("SELECT term, doc FROM v").all() as unknown as ReadonlyArray<{ term: string; doc: number }>
  db.close()
  return new Map(rows.map(({ doc, term }) => [words[doc - 1]!, term]))
}

it("is the stem that FTS5 keeps", () => {
  const words = roots.flatMap((root) => [root, ...endings.map((ending) => root + ending)])
  const expected = indexed(words)
  for (const word of words) assert.strictEqual(stem(word), expected.get(word), word)
})

it("leaves very long words alone, as FTS5 does", () => {
  const word = `${"relation".repeat(9)}s`
  assert.strictEqual(stem(word), word)
})
