/** A field for several lines, as high as its text. */
import type { RefObject } from "preact"
import { useLayoutEffect } from "preact/hooks"

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
}

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
  onKeyDown
}: Props) => {
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
