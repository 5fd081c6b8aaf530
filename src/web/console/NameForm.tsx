/** Who one is here: a name that can be changed. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { isName, longestName, me } from "./Kept.ts"
import { texts } from "./texts.ts"

export const NameForm = () => {
  const changing = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const close = () => {
    changing.value = false
    requestAnimationFrame(() => button.current?.focus())
  }
  return (
    <div class="foot">
      {changing.value ? (
        <Field close={close} />
      ) : (
        <button ref={button} type="button" title={texts.rail.changeName} onClick={() => (changing.value = true)}>
          <b>
            <bdi>{me.value.name}</bdi>
          </b>

          <span>{texts.rail.changeName}</span>
        </button>
      )}
    </div>
  )
}

const Field = ({ close }: { readonly close: () => void }) => {
  const field = useRef<HTMLInputElement>(null)
  const wrong = useSignal(false)
  useEffect(() => field.current?.select(), [])
  const save = () => {
    const name = field.current!.value.trim()
    wrong.value = !isName(name)
    if (wrong.value) return
    me.value = { ...me.peek(), name }
    close()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close()
      }}
    >
      <input
        ref={field}
        aria-label={texts.rail.yourName}
        defaultValue={me.peek().name}
        maxLength={longestName}
        aria-invalid={wrong.value}
        aria-describedby="name-problem"
        autocomplete="nickname"
      />
      <button class="button">{texts.save}</button>
      <p id="name-problem" role="alert" class="bad">
        {wrong.value && texts.rail.wrongName}
      </p>
    </form>
  )
}
