/** Text as it is, the quote in it under the highlighter, and the words a question asked for in bold. */
import type { Text } from "./Markdown.ts"
import { sharedWords } from "./Words.ts"

interface Props {
  readonly pieces: ReadonlyArray<Text>
  /** The question whose words are to stand out. */
  readonly question?: string | undefined
}

export const TextPieces = ({ pieces, question }: Props) => (
  <>
    {pieces.map(({ text, marked }, index) => {
      if (marked) return <mark key={index}>{text}</mark>
      return question === undefined ? text : <Shared key={index} text={text} question={question} />
    })}
  </>
)

const Shared = ({ text, question }: { readonly text: string; readonly question: string }) => (
  <>
    {sharedWords(text, question).map((piece, index) => (piece.shared ? <b key={index}>{piece.text}</b> : piece.text))}
  </>
)
