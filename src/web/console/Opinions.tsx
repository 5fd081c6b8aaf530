/** What people think of an answer: helpful or not, and why not. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Verdict } from "../../domain/Feedback.ts"
import type { LocalMessage } from "../../domain/Happening.ts"
import { judge } from "./actions.ts"
import { Icon } from "./Icon.tsx"
import { me } from "./Kept.ts"
import { number, texts } from "./texts.ts"

const longestReason = 500

export const Opinions = ({ message }: { readonly message: LocalMessage }) => {
  const asking = useSignal(false)
  const given = message.opinions ?? []
  const mine = given.find(({ by }) => by === me.value.id)?.verdict
  const press = async (verdict: Verdict) => {
    const back = mine === verdict
    const done = await judge(message, back ? null : verdict)
    asking.value = done && !back && verdict === "unhelpful"
  }
  return (
    <div class="opinions">
      <div class="chips" role="group" aria-label={texts.opinions.label}>
        {(["helpful", "unhelpful"] as const).map((verdict) => {
          const count = given.filter((opinion) => opinion.verdict === verdict).length
          return (
            <button
              key={verdict}
              type="button"
              class="chip"
              aria-pressed={mine === verdict}
              aria-label={texts.opinions.count(verdict, count)}
              title={texts.opinions[verdict]}
              onClick={() => press(verdict)}
            >
              <Icon name={verdict === "helpful" ? "good" : "poor"} />
              {count > 0 && number(count)}
            </button>
          )
        })}
      </div>
      {asking.value && <Reason message={message} close={() => (asking.value = false)} />}
    </div>
  )
}

const Reason = ({ message, close }: { readonly message: LocalMessage; readonly close: () => void }) => {
  const field = useRef<HTMLInputElement>(null)
  const kept = useSignal(false)
  useEffect(() => field.current?.focus(), [])
  const save = async () => {
    const reason = field.current!.value.trim()
    if (reason === "") return close()
    kept.value = await judge(message, "unhelpful", reason)
  }
  if (kept.value)
    return (
      <p class="quiet" role="status">
        {texts.opinions.thanks}
      </p>
    )
  return (
    <form
      class="reason"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        close()
      }}
    >
      <label>
        <span>{texts.opinions.why}</span>
        <input ref={field} maxLength={longestReason} autocomplete="off" />
      </label>
      <button class="button first">{texts.opinions.tell}</button>
      <button type="button" class="button" onClick={close}>
        {texts.opinions.skip}
      </button>
    </form>
  )
}
