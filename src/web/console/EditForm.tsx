/** Changes a message in its place. */
import { useSignal } from "@preact/signals"
import { useCallback, useEffect, useRef } from "preact/hooks"
import type { LocalMessage } from "../../domain/Happening.ts"
import { saveEdit, setFailure } from "./actions.ts"
import { longest } from "./api.ts"
import { focusMessage } from "./Focus.ts"
import { GrowingText } from "./GrowingText.tsx"
import { editing } from "./state.ts"
import { texts } from "./texts.ts"

export const EditForm = ({ message }: { readonly message: LocalMessage }) => {
  const text = useSignal(message.text)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    field.current?.focus()
    field.current?.setSelectionRange(text.peek().length, text.peek().length)
  }, [])
  const onTooMuch = useCallback(
    (length: number) => setFailure(message.channelId, texts.compose.tooMuch(length, longest)),
    [message.channelId]
  )
  const leave = () => {
    editing.value = undefined
    requestAnimationFrame(() => focusMessage(message.id))
  }
  const save = async () => {
    const trimmed = text.peek().trim()
    if (trimmed === "" || trimmed.length > longest) return
    if (trimmed === message.text || (await saveEdit(message, trimmed))) leave()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      void save()
    } else if (event.key === "Escape") {
      event.stopPropagation()
      leave()
    }
  }
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <GrowingText
        fieldRef={field}
        label={texts.chat.editing}
        text={text.value}
        onText={(typed) => (text.value = typed)}
        onKeyDown={onKeyDown}
        onTooMuch={onTooMuch}
      />
      <div class="ways">
        <button class="button first">{texts.save}</button>
        <button type="button" class="button" onClick={leave}>
          {texts.cancel}
        </button>
        <span class="quiet">{texts.chat.editHint}</span>
      </div>
    </form>
  )
}
