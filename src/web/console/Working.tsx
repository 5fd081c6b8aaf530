/** Says that the bot is at work on an answer in a channel, and shows what is proven of it so far. */
import { Prose } from "./Prose.tsx"
import { isWorking, roomOf, written } from "./state.ts"
import { texts } from "./texts.ts"

export const Working = ({ channelId }: { readonly channelId: string }) => {
  const drafts = roomOf(channelId).messages.value.filter(({ id }) => written.value.has(id))
  return (
    <>
      {drafts.map(({ id }) => (
        <Draft key={id} text={written.value.get(id)!} />
      ))}
      <Busy busy={isWorking(channelId)} />
    </>
  )
}

/** Not read out: screen readers hear an answer once, when it is final. */
const Draft = ({ text }: { readonly text: string }) => (
  <div class="log draft" aria-hidden="true">
    <div class="message answer">
      <span class="avatar bot-sign">¶</span>
      <div class="who">
        <b>{texts.bot}</b>
        <span class="tag model">{texts.answer.answering}</span>
      </div>
      <div class="body">
        <Prose source={text} />
      </div>
    </div>
  </div>
)

const Busy = ({ busy }: { readonly busy: boolean }) => (
  <div class="working" role="status">
    {busy && (
      <>
        <span class="avatar bot-sign" aria-hidden="true">
          ¶
        </span>
        <span>{texts.compose.working}</span>
        <i aria-hidden="true" />
      </>
    )}
  </div>
)
