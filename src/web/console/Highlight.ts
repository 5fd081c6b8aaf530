/** What parts of code are, well enough to be told apart at a glance; of any language. Pure. */

export type Kind = "comment" | "string" | "number" | "keyword" | "plain"

export interface Piece {
  readonly kind: Kind
  readonly text: string
}

const keywords = new Set(
  `abstract and as async await bool boolean break case catch class const continue def default defer del delete do done
  echo elif else end enum esac except export extends extern false fi final finally fn for from func function go if impl
  implements import in include int interface is lambda let loop match mod module mut new nil none not null of or package
  pass private protected public raise return self set static string struct super switch then this throw trait true try
  type typeof undefined union unless until use using val var void when where while with yield
  select insert update create table into values join on group by order limit`.split(/\s+/)
)

/** Languages where a hash begins a comment. */
const hashes = new Set(
  "sh bash zsh shell console py python rb ruby yaml yml toml ini conf dockerfile make r perl".split(" ")
)
/** Languages where two dashes do. */
const dashes = new Set("sql lua haskell hs ada".split(" "))

/** Longer code is shown as it is: nobody reads it by its colours. */
const longest = 20_000

const tokenOf = (language: string): RegExp => {
  const comments = [
    String.raw`\/\*[^]*?(?:\*\/|$)`,
    hashes.has(language) ? String.raw`(?<![^\s])#[^\n]*` : String.raw`\/\/[^\n]*`,
    ...(dashes.has(language) ? [String.raw`--[^\n]*`] : [])
  ]
  return new RegExp(
    [
      `(?<comment>${comments.join("|")})`,
      String.raw`(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\x60(?:[^\x60\\]|\\.)*\x60)`,
      String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b)`,
      String.raw`(?<word>[A-Za-z_$][\w$-]*)`
    ].join("|"),
    "g"
  )
}

export const highlight = (code: string, language: string): ReadonlyArray<Piece> => {
  const name = language.toLowerCase()
  if (code.length > longest || name === "text" || name === "txt" || name === "") return [{ kind: "plain", text: code }]
  const pieces: Array<Piece> = []
  let from = 0
  for (const match of code.matchAll(tokenOf(name))) {
    const kind = kindOf(match.groups!)
    if (kind === "plain") continue
    if (match.index > from) pieces.push({ kind: "plain", text: code.slice(from, match.index) })
    pieces.push({ kind, text: match[0] })
    from = match.index + match[0].length
  }
  if (from < code.length) pieces.push({ kind: "plain", text: code.slice(from) })
  return pieces
}

const kindOf = (groups: Readonly<Record<string, string | undefined>>): Kind => {
  if (groups["comment"] !== undefined) return "comment"
  if (groups["string"] !== undefined) return "string"
  if (groups["number"] !== undefined) return "number"
  return keywords.has(groups["word"]!.toLowerCase()) ? "keyword" : "plain"
}
