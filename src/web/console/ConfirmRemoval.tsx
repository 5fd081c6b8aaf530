/** Asks before a message is deleted. */
import { useEffect, useRef } from "preact/hooks"
import type { LocalMessage } from "../../domain/Happening.ts"
import { remove } from "./actions.ts"
import { focusComposer, focusMessage, focusRow, rowAt } from "./Focus.ts"
import { removing } from "./state.ts"
import { texts } from "./texts.ts"

export const ConfirmRemoval = ({ message }: { readonly message: LocalMessage }) => {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  const keep = () => {
    removing.value = undefined
    focusMessage(message.id)
  }
  const confirm = () => {
    focusBeside(rowAt(button.current))
    void remove(message)
  }
  return (
    <div
      class="confirm"
      role="alertdialog"
      aria-label={texts.chat.confirmRemove}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        keep()
      }}
    >
      <span>{texts.chat.confirmRemove}</span>
      <button ref={button} type="button" class="button bad" onClick={confirm}>
        {texts.chat.remove}
      </button>
      <button type="button" class="button" onClick={keep}>
        {texts.chat.keep}
      </button>
    </div>
  )
}

/** The keyboard goes on from the message that takes the place of this one. */
const focusBeside = (row: HTMLElement | null): void => {
  const all = [...document.querySelectorAll<HTMLElement>("[data-message]")]
  const at = row === null ? -1 : all.indexOf(row)
  const beside = at < 0 ? undefined : (all[at + 1] ?? all[at - 1])
  if (beside) focusRow(beside)
  else focusComposer()
}
