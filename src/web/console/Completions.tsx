/** What the text before the caret can be completed with, above the message box. */
import { type Signal, useSignal } from "@preact/signals"
import type { RefObject } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { completed, type Completion, completionsFor } from "./Commands.ts"
import { setDraft } from "./Kept.ts"
import { texts } from "./texts.ts"

const listId = "completions"
const optionId = (index: number) => `completion-${index}`

export interface Completing {
  readonly options: ReadonlyArray<Completion>
  readonly chosen: number
  /** For the field: what it controls and which option the keys are on. */
  readonly described: { readonly controls: string; readonly active: string } | undefined
  readonly pick: (option: Completion) => void
  /** Whether the key was for the list. */
  readonly onKey: (event: KeyboardEvent) => boolean
}

export const useCompletions = (
  channelId: string,
  draft: string,
  field: RefObject<HTMLTextAreaElement | null>
): Completing => {
  const chosen = useSignal(0)
  const dismissed: Signal<string | undefined> = useSignal(undefined)
  const caret = field.current?.selectionStart ?? draft.length
  const before = draft.slice(0, caret)
  const all = dismissed.value === draft ? [] : completionsFor(channelId, before)
  // What is typed to its end needs no completion.
  const options = all.filter(({ text }) => text.startsWith("/") || !before.endsWith(text.trimEnd()))
  const at = Math.min(chosen.value, options.length - 1)

  useEffect(() => {
    chosen.value = 0
  }, [draft])

  const pick = (option: Completion) => {
    const text = completed(before, option)
    setDraft(channelId, text + draft.slice(caret))
    field.current?.focus()
    requestAnimationFrame(() => field.current?.setSelectionRange(text.length, text.length))
  }

  const onKey = (event: KeyboardEvent): boolean => {
    if (options.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return false
    const option = options[at]!
    const isWhole = option.text.trimEnd() === draft.trim()
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      chosen.value = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length
    else if (event.key === "Escape") dismissed.value = draft
    else if ((event.key === "Enter" && !event.shiftKey && !isWhole) || (event.key === "Tab" && !event.shiftKey))
      pick(option)
    else return false
    event.preventDefault()
    event.stopPropagation()
    return true
  }

  const described = options.length === 0 ? undefined : { controls: listId, active: optionId(at) }
  return { options, chosen: at, described, pick, onKey }
}

export const Completions = ({ completing }: { readonly completing: Completing }) => {
  const { chosen, options, pick } = completing
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen])
  if (options.length === 0) return null
  return (
    <ul ref={list} id={listId} class="completions" role="listbox" aria-label={texts.compose.completions}>
      {options.map((option, index) => (
        <li
          key={option.shown}
          id={optionId(index)}
          role="option"
          aria-selected={index === chosen}
          onPointerDown={(event) => {
            event.preventDefault()
            pick(option)
          }}
        >
          <b>
            <bdi>{option.shown}</bdi>
          </b>
          {option.hint !== "" && <code>{option.hint}</code>}
          <span>{option.does}</span>
        </li>
      ))}
    </ul>
  )
}
