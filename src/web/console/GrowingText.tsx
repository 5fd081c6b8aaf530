/** A field for several lines, as high as its text. */
import type { RefObject } from "preact"
import { useEffect, useLayoutEffect } from "preact/hooks"
import { longest } from "./api.ts"

interface Props {
  readonly id?: string
  readonly fieldRef: RefObject<HTMLTextAreaElement | null>
  readonly label: string
  readonly placeholder?: string
  readonly describedBy?: string
  readonly invalid?: boolean
  /** A list of completions, and the one the keys are on. */
  readonly completing?: { readonly controls: string; readonly active: string } | undefined
  readonly text: string
  readonly onText: (text: string) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  /** What was pasted has so many characters, and was left out: to lay it out would take many seconds. */
  readonly onTooMuch: (length: number) => void
}

/** Room for a text that is to be shortened here. */
const mostAtOnce = 5 * longest

export const GrowingText = ({
  id,
  fieldRef,
  label,
  placeholder,
  describedBy,
  invalid,
  completing,
  text,
  onText,
  onKeyDown,
  onTooMuch
}: Props) => {
  useEffect(() => {
    const refuse = (event: InputEvent) => {
      const { length } = event.data ?? event.dataTransfer?.getData("text/plain") ?? ""
      if (length <= mostAtOnce) return
      event.preventDefault()
      onTooMuch(length)
    }
    const field = fieldRef.current
    field?.addEventListener("beforeinput", refuse)
    return () => field?.removeEventListener("beforeinput", refuse)
  }, [onTooMuch])
  useLayoutEffect(() => fit(fieldRef.current), [text])
  return (
    <textarea
      id={id}
      ref={fieldRef}
      rows={1}
      dir="auto"
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      aria-autocomplete="list"
      aria-controls={completing?.controls}
      aria-activedescendant={completing?.active}
      placeholder={placeholder}
      value={text}
      onInput={(event) => onText(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  )
}

/** Browsers that size a field by its content need no help. */
const fit = (field: HTMLTextAreaElement | null): void => {
  if (!field || CSS.supports("field-sizing", "content")) return
  field.style.height = "auto"
  field.style.height = `${field.scrollHeight}px`
}
