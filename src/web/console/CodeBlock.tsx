/** A block of code that can be copied. */
import { useSignal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import { highlight } from "./Highlight.ts"
import { Icon } from "./Icon.tsx"
import type { Text } from "./Markdown.ts"
import { TextPieces } from "./TextPieces.tsx"
import { texts } from "./texts.ts"

const copiedShows = 1500

interface Props {
  readonly pieces: ReadonlyArray<Text>
  readonly language: string
}

export const CodeBlock = ({ pieces, language }: Props) => {
  const copied = useSignal(false)
  const copy = async () => {
    copied.value = await copyText(pieces.map(({ text }) => text).join(""))
    setTimeout(() => (copied.value = false), copiedShows)
  }
  return (
    <div class="code-block">
      <pre tabIndex={0} aria-label={texts.chat.code}>
        <code>
          {pieces.some(({ marked }) => marked) ? (
            <TextPieces pieces={pieces} />
          ) : (
            <Highlighted code={pieces.map(({ text }) => text).join("")} language={language} />
          )}
        </code>
      </pre>
      <button type="button" class="icon-button copy" title={texts.chat.copy} onClick={copy}>
        <Icon name={copied.value ? "check" : "copy"} />
        <span class="unseen" aria-live="polite">
          {copied.value ? texts.chat.copied : texts.chat.copy}
        </span>
      </button>
    </div>
  )
}

const Highlighted = ({ code, language }: { readonly code: string; readonly language: string }) => {
  const pieces = useMemo(() => highlight(code, language), [code, language])
  return (
    <>
      {pieces.map(({ kind, text }, index) =>
        kind === "plain" ? (
          text
        ) : (
          <span key={index} class={`code-${kind}`}>
            {text}
          </span>
        )
      )}
    </>
  )
}

/** The clipboard is there only over TLS or on this computer; the old command works elsewhere. */
const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement("textarea")
    field.value = text
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
}
