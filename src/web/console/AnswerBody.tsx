/** What the bot said to a question, in the form that tells how sure it is: an answer, the closest passages, or that it does not know. */
import { useSignal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import type { Answer } from "../../domain/Answer.ts"
import type { LocalMessage } from "../../domain/Happening.ts"
import { ClosestPassages } from "./ClosestPassages.tsx"
import { type Cited, Prose } from "./Prose.tsx"
import { Refusal } from "./Refusal.tsx"
import { SourceLink } from "./SourceLink.tsx"
import { lookOf } from "./state.ts"
import { texts } from "./texts.ts"
import { ownTitle } from "./Title.ts"

interface Props {
  readonly message: LocalMessage
  readonly answer: Answer
  /** The message it answers, where it is known. */
  readonly question: LocalMessage | undefined
}

export const AnswerBody = ({ message, answer, question }: Props) => {
  const open = useSignal<ReadonlySet<number>>(new Set())
  const cited = useMemo<Cited>(
    () => ({
      citations: new Map(answer.citations.map((citation) => [citation.n, citation])),
      open,
      id: `citation-${message.id}`
    }),
    [answer, message.id]
  )
  switch (lookOf(answer)) {
    case "refused":
      return <Refusal answer={answer} question={question} />
    case "closest":
      return <ClosestPassages answer={answer} cited={cited} question={question?.text} />
    case "quoted":
      return (
        <>
          <p class="quiet">{texts.answer.quoted}</p>
          <Written answer={answer} cited={cited} />
        </>
      )
    case "model":
      return <Written answer={answer} cited={cited} />
  }
}

const Written = ({ answer, cited }: { readonly answer: Answer; readonly cited: Cited }) => (
  <>
    <Prose source={answer.text} cited={cited} />
    <Sources answer={answer} />
  </>
)

/** Each source once, so that it can be opened without going through its quotes. */
const Sources = ({ answer }: { readonly answer: Answer }) => {
  const sources = [...new Map(answer.citations.map((citation) => [citation.url, citation])).values()]
  if (sources.length === 0) return null
  return (
    <p class="sources">
      {texts.answer.citations(answer.citations.length)} {texts.answer.from}{" "}
      {sources.map(({ url, title, quote }, index) => (
        <>
          {index > 0 && ", "}
          <SourceLink key={url} url={url} quote={quote}>
            <bdi title={title}>{ownTitle(title)}</bdi>
          </SourceLink>
        </>
      ))}
    </p>
  )
}
