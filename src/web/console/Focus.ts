/** Where the keyboard is: the message box, the messages and the way between them. */

export const composerId = "composer"
export const logId = "log"

/** With the caret at the end, once what is being drawn is there. */
export const focusComposer = (): void => {
  requestAnimationFrame(() => {
    const field = document.getElementById(composerId) as HTMLTextAreaElement | null
    field?.focus()
    field?.setSelectionRange(field.value.length, field.value.length)
  })
}

const rows = (): ReadonlyArray<HTMLElement> => [...document.querySelectorAll<HTMLElement>(`#${logId} [data-message]`)]

export const rowAt = (element: Element | null): HTMLElement | null =>
  element?.closest<HTMLElement>("[data-message]") ?? null

/** The message the keyboard is on, or the newest. */
export const currentRow = (): HTMLElement | undefined => rowAt(document.activeElement) ?? rows().at(-1)

/** Moves to the next message, or the one before; from elsewhere to the newest. */
export const moveRow = (step: 1 | -1): void => {
  const all = rows()
  const at = all.indexOf(rowAt(document.activeElement)!)
  focusRow(at < 0 ? all.at(-1) : all[Math.min(all.length - 1, Math.max(0, at + step))])
}

export const focusRow = (row: HTMLElement | undefined): void => {
  row?.focus({ preventScroll: true })
  row?.scrollIntoView({ block: "nearest" })
}

/** Tells whether the message is there. */
export const focusMessage = (id: string): boolean => {
  const row = document.querySelector<HTMLElement>(`#${logId} [data-message="${CSS.escape(id)}"]`)
  if (!row) return false
  row.focus({ preventScroll: true })
  row.scrollIntoView({ block: "center" })
  return true
}

/** On a touch screen focus opens the keyboard over half of the page, so only a press may do that. */
export const hasKeyboard = (): boolean => matchMedia("(hover: hover) and (pointer: fine)").matches

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
