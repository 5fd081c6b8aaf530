/** The passages nearest to a question: no prose, the words that were asked for in bold, each passage opening in place. */
import type { Answer, Citation } from "../../domain/Answer.ts"
import { CitationButton, CitationPanel } from "./Citation.tsx"
import { type Cited, Prose } from "./Prose.tsx"
import { SourceLink } from "./SourceLink.tsx"
import { texts } from "./texts.ts"
import { ownTitle, titleAbove } from "./Title.ts"

interface Props {
  readonly answer: Answer
  readonly cited: Cited
  readonly question: string | undefined
}

export const ClosestPassages = ({ answer, cited, question }: Props) => (
  <>
    <p class="quiet">{texts.answer.closest(answer.citations.length)}</p>
    <ol class="closest">
      {answer.citations.map((citation, at) => (
        <Item key={citation.n} citation={citation} at={at} cited={cited} question={question} />
      ))}
    </ol>
  </>
)

/** A row of a table stands here without its table. */
const readable = (quote: string): string => {
  const rows = quote.split("\n").filter((line) => !/^\s*\|?[\s:|-]+$/.test(line))
  return rows
    .map((row) =>
      /^\s*\|/.test(row)
        ? row
            .split("|")
            .map((cell) => cell.trim())
            .filter((cell) => cell !== "")
            .join(" · ")
        : row
    )
    .join("\n")
}

interface ItemProps extends Omit<Props, "answer"> {
  readonly citation: Citation
  readonly at: number
}

const Item = ({ citation, at, cited, question }: ItemProps) => (
  <li>
    <div class="from">
      <CitationButton cited={cited} n={citation.n} at={at} />
      <SourceLink url={citation.url} quote={citation.quote}>
        <bdi>{ownTitle(citation.title)}</bdi>
      </SourceLink>
      <bdi class="above cut">{titleAbove(citation.title)}</bdi>
    </div>
    {cited.open.value.has(at) ? (
      <CitationPanel cited={cited} n={citation.n} at={at} />
    ) : (
      <div class="words">
        <Prose source={readable(citation.quote)} question={question} />
      </div>
    )}
  </li>
)
