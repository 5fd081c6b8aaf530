/** Emoji under a message, and the few to choose from. */
import { useComputed } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { LocalMessage } from "../../domain/Happening.ts"
import { react } from "./actions.ts"
import { focusMessage } from "./Focus.ts"
import { me } from "./Kept.ts"
import { reacting } from "./state.ts"
import { number, texts } from "./texts.ts"

const offered = ["👍", "❤️", "😄", "🎉", "🤔", "👀", "✅", "🙏"]

export const Reactions = ({ message }: { readonly message: LocalMessage }) => {
  const choosing = useComputed(() => reacting.value === message.id)
  const reactions = message.reactions ?? []
  if (reactions.length === 0 && !choosing.value) return null
  return (
    <div class="chips reactions" role="group" aria-label={texts.chat.reactions}>
      {reactions.map(({ by, emoji }) => (
        <button
          key={emoji}
          type="button"
          class="chip"
          aria-pressed={by.some(({ id }) => id === me.value.id)}
          aria-label={texts.chat.reaction(emoji, by.length)}
          title={by.map(({ name }) => name).join(", ")}
          onClick={() => react(message, emoji)}
        >
          <span aria-hidden="true">{emoji}</span>
          {number(by.length)}
        </button>
      ))}
      {choosing.value && <Choice message={message} />}
    </div>
  )
}

const Choice = ({ message }: { readonly message: LocalMessage }) => {
  const choice = useRef<HTMLSpanElement>(null)
  useEffect(() => choice.current?.querySelector("button")?.focus(), [])
  const leave = () => {
    reacting.value = undefined
    focusMessage(message.id)
  }
  return (
    <span
      ref={choice}
      class="choice"
      role="group"
      aria-label={texts.chat.chooseReaction}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        leave()
      }}
    >
      {offered.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="icon-button"
          aria-label={emoji}
          onClick={() => {
            leave()
            void react(message, emoji)
          }}
        >
          {emoji}
        </button>
      ))}
    </span>
  )
}
