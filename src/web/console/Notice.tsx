/** Says that the page is not connected, and when it tries again. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { tryNow } from "./live.ts"
import { connection } from "./state.ts"
import { texts } from "./texts.ts"

export const Notice = () => {
  const { value } = connection
  return (
    <div role="status">
      {value.state === "lost" && (
        <p class="line warn">
          <span class="dot warn" aria-hidden="true" />
          <span>{texts.live.down}</span>
          <Countdown to={value.nextTryAt} />
          <button type="button" class="link" onClick={tryNow}>
            {texts.live.now}
          </button>
        </p>
      )}
    </div>
  )
}

/** Hidden from screen readers, which would read out every second. */
const Countdown = ({ to }: { readonly to: number }) => {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  return <span aria-hidden="true">{texts.live.again(Math.ceil((to - now.value) / 1000))}</span>
}
