/** Where one writes: sends a message, or puts it to the manual. */
import { useCallback, useEffect, useRef } from "preact/hooks"
import type { LocalChannel } from "../../domain/Happening.ts"
import { ask, asksTheBot, send, setFailure } from "./actions.ts"
import { longest } from "./api.ts"
import { runCommand } from "./Commands.ts"
import { Completions, useCompletions } from "./Completions.tsx"
import { composerId, focusComposer, hasKeyboard } from "./Focus.ts"
import { GrowingText } from "./GrowingText.tsx"
import { Icon } from "./Icon.tsx"
import { drafts, me, setDraft } from "./Kept.ts"
import { Notice } from "./Notice.tsx"
import { route } from "./Route.ts"
import { editing, failures, replyingTo, roomOf } from "./state.ts"
import { texts } from "./texts.ts"

/** The count of characters shows from here. */
const nearlyFull = longest * 0.9

export const Composer = ({ channel }: { readonly channel: LocalChannel }) => {
  const field = useRef<HTMLTextAreaElement>(null)
  const draft = drafts.value[channel.id] ?? ""
  const tooLong = draft.trim().length > longest
  useEffect(() => {
    const shown = route.peek()
    // Who comes to a message goes on from there.
    const toMessage = shown.view === "chat" && shown.messageId !== undefined
    if (hasKeyboard() && !toMessage) focusComposer()
  }, [channel.id])

  const submit = (how: typeof send) => {
    const trimmed = draft.trim()
    if (trimmed === "" || tooLong) return field.current?.focus()
    if (runCommand(channel.id, trimmed)) return
    void how(channel.id, trimmed)
    field.current?.focus()
  }
  const onTooMuch = useCallback(
    (length: number) => setFailure(channel.id, texts.compose.tooMuch(length, longest)),
    [channel.id]
  )
  const completing = useCompletions(channel.id, draft, field)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || completing.onKey(event)) return
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      submit(event.ctrlKey || event.metaKey ? ask : send)
    } else if (event.key === "ArrowUp" && draft === "" && !event.altKey) {
      event.preventDefault()
      editNewest(channel.id)
    }
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        submit(send)
      }}
    >
      <Notice />
      <Failure channelId={channel.id} />
      {tooLong && <p class="line bad">{texts.compose.tooLong(draft.trim().length, longest)}</p>}
      <Replying />
      <Completions completing={completing} />
      <div class="field">
        <GrowingText
          id={composerId}
          fieldRef={field}
          label={texts.compose.label(channel.name)}
          placeholder={texts.compose.placeholder}
          describedBy="composer-hints"
          invalid={tooLong}
          completing={completing.described}
          text={draft}
          onText={(typed) => setDraft(channel.id, typed)}
          onKeyDown={onKeyDown}
          onTooMuch={onTooMuch}
        />
        <button type="button" class="button ask" title={texts.compose.askTitle} onClick={() => submit(ask)}>
          <span class="bot-sign small" aria-hidden="true">
            ¶
          </span>
          <span>{texts.compose.ask}</span>
        </button>
        <button class="button first send">
          <span>{texts.compose.send}</span>
          <Icon name="send" />
        </button>
      </div>
      <Hints draft={draft} />
    </form>
  )
}

const editNewest = (channelId: string): void => {
  const mine = roomOf(channelId)
    .messages.peek()
    .findLast(({ author }) => author.id === me.peek().id)
  if (mine) editing.value = mine.id
}

const Failure = ({ channelId }: { readonly channelId: string }) => {
  const failure = failures.value[channelId]
  return (
    <div role="alert">
      {failure !== undefined && (
        <p class="line bad">
          <span>{failure}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={texts.close}
            onClick={() => setFailure(channelId, undefined)}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  )
}

const Replying = () => {
  const replied = replyingTo.value
  if (!replied) return null
  return (
    <p class="line">
      <Icon name="reply" />
      <b>
        <bdi>{texts.compose.replyingTo(replied.author.name)}</bdi>
      </b>
      <bdi class="cut">{replied.text.slice(0, 200)}</bdi>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.compose.cancelReply}
        onClick={() => {
          replyingTo.value = undefined
          focusComposer()
        }}
      >
        <Icon name="close" />
      </button>
    </p>
  )
}

const Hints = ({ draft }: { readonly draft: string }) => (
  <p class="hints" id="composer-hints">
    {asksTheBot(draft) ? (
      <span class="will-answer">{texts.compose.answers}</span>
    ) : (
      <span>
        <kbd>@rtfm</kbd> {texts.compose.mention}
      </span>
    )}
    <span>
      <kbd>Ctrl Enter</kbd> {texts.compose.askKeys}
    </span>
    <span>
      <kbd>Shift Enter</kbd> {texts.compose.lineKeys}
    </span>
    <span>
      <kbd>/</kbd> {texts.compose.slash}
    </span>
    {draft.length > nearlyFull ? (
      <span class="count">{texts.compose.length(draft.length, longest)}</span>
    ) : (
      <span class="keys-hint">
        <kbd>?</kbd> {texts.compose.allKeys}
      </span>
    )}
  </p>
)
