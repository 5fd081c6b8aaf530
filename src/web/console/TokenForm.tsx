/** Asks for the token when the server wants one. */
import { useRef } from "preact/hooks"
import { start } from "./actions.ts"
import { locked } from "./api.ts"
import { Dialog } from "./Dialog.tsx"
import { token } from "./Kept.ts"
import { texts } from "./texts.ts"

export const TokenForm = () => {
  const field = useRef<HTMLInputElement>(null)
  if (!locked.value) return null
  const open = () => {
    const given = field.current!.value.trim()
    if (given === "") return
    token.value = given
    locked.value = false
    start()
  }
  return (
    <Dialog title={texts.token.title}>
      <form
        class="token"
        onSubmit={(event) => {
          event.preventDefault()
          open()
        }}
      >
        <p>{texts.token.lead}</p>
        <label>
          {texts.token.label}
          <input ref={field} type="password" autocomplete="off" aria-describedby="token-problem" />
        </label>
        <p id="token-problem" role="alert" class="bad">
          {token.value !== undefined && texts.token.wrong}
        </p>
        <button class="button first">{texts.token.open}</button>
      </form>
    </Dialog>
  )
}
