/** The bot does not know: said in a box of its own, with ways on. */
import type { Answer } from "../../domain/Answer.ts"
import type { LocalMessage } from "../../domain/Happening.ts"
import { focusComposer } from "./Focus.ts"
import { setDraft } from "./Kept.ts"
import { Prose } from "./Prose.tsx"
import { documentsAddress } from "./Route.ts"
import { SourceLink } from "./SourceLink.tsx"
import { channel, channelId, replyingTo } from "./state.ts"
import { texts } from "./texts.ts"

interface Props {
  readonly answer: Answer
  readonly question: LocalMessage | undefined
}

export const Refusal = ({ answer, question }: Props) => (
  <div class="refusal">
    <h2>{texts.answer.refused}</h2>
    <Prose source={answer.text} />
    {answer.citations.length > 0 && (
      <dl>
        <dt>{texts.answer.nearest}</dt>
        {answer.citations.map(({ n, url, quote, title }) => (
          <dd key={n}>
            <SourceLink url={url} quote={quote}>
              <bdi>{title}</bdi>
            </SourceLink>
          </dd>
        ))}
      </dl>
    )}
    <div class="ways">
      {question && (
        <button type="button" class="button" onClick={() => askPeople(question)}>
          {texts.answer.askPeople(channel.value?.name ?? "")}
        </button>
      )}
      <a class="button" href={documentsAddress()}>
        {texts.answer.seeDocuments}
      </a>
    </div>
  </div>
)

/** Puts the question to everyone, without the words that call the bot. */
const askPeople = (question: LocalMessage): void => {
  const id = channelId.peek()
  if (id === undefined) return
  replyingTo.value = question
  setDraft(id, question.text.replace(/^\s*!rtfm\b[\s:,]*/i, "").replace(/(?<![\w@])@rtfm\b\s*/gi, ""))
  focusComposer()
}
