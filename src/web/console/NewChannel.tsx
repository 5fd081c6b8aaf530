/** Adds a channel. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { createChannel } from "./actions.ts"
import { longestName } from "./Kept.ts"
import { texts } from "./texts.ts"

export const NewChannel = ({ close }: { readonly close: () => void }) => {
  const field = useRef<HTMLInputElement>(null)
  const problem = useSignal<string | undefined>(undefined)
  useEffect(() => field.current?.focus(), [])
  const create = async () => {
    const name = field.current!.value.trim().replace(/^#\s*/, "")
    if (name === "") return
    problem.value = await createChannel(name)
    if (problem.value === undefined) close()
  }
  return (
    <form
      class="new-channel"
      onSubmit={(event) => {
        event.preventDefault()
        void create()
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close()
      }}
    >
      <input
        ref={field}
        aria-label={texts.rail.channelName}
        maxLength={longestName}
        aria-invalid={problem.value !== undefined}
        aria-describedby="channel-problem"
        autocomplete="off"
      />
      <button class="button">{texts.rail.create}</button>
      <p id="channel-problem" role="alert" class="bad">
        {problem.value}
      </p>
    </form>
  )
}
