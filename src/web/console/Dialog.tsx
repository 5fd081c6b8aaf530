/** A window over the page that has the keyboard to itself, and gives it back. */
import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { Icon } from "./Icon.tsx"
import { texts } from "./texts.ts"

interface Props {
  readonly title: string
  /** Absent: it stays until its purpose is served. */
  readonly close?: () => void
  readonly children: ComponentChildren
}

export const Dialog = ({ title, close, children }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault()
        close?.()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close?.()
      }}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          {close && (
            <button type="button" class="icon-button" aria-label={texts.close} onClick={close}>
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  )
}
