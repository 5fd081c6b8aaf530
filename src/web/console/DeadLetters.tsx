/** Records that could not be handled: looked into, followed, and sent back to where they came from. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { DeadLetter } from "./api.ts"
import * as api from "./api.ts"
import { useLoaded } from "./Loaded.ts"
import { connection, status } from "./state.ts"
import { number, texts } from "./texts.ts"
import { wholeTime } from "./Times.ts"
import { follow } from "./WayPanel.tsx"

export const DeadLetters = () => {
  const became = status.value?.actors.reduce((sum, { deadLetters }) => sum + deadLetters, 0)
  const letters = useLoaded(api.deadLetters, [became, connection.value.state])
  const all = letters.state === "ready" ? letters.value : []
  return (
    <section>
      <h2 id="dead-letters">
        {texts.dead.title}
        {all.length > 0 && <span class="bad">{number(all.length)}</span>}
      </h2>
      {letters.state === "ready" && all.length === 0 && <p class="quiet">{texts.dead.none}</p>}
      {letters.state === "failed" && <p class="quiet">{texts.dead.failed}</p>}
      <ul class="letters" aria-labelledby="dead-letters">
        {all.map((letter) => (
          <Letter key={`${letter.topic}/${letter.partition}/${letter.offset}`} letter={letter} />
        ))}
      </ul>
    </section>
  )
}

type Sending = "no" | "asking" | "sending" | "sent" | { readonly failed: string }

const Letter = ({ letter }: { readonly letter: DeadLetter }) => {
  const open = useSignal(false)
  const sending = useSignal<Sending>("no")
  const { actor, attempts, error, origin } = letter
  const place = `${origin.topic} [${origin.partition}]@${origin.offset}`
  const sendBack = async () => {
    sending.value = "sending"
    try {
      await api.sendBack(letter)
      sending.value = "sent"
    } catch (cause) {
      sending.value = { failed: api.asProblem(cause).message }
    }
  }
  const state = sending.value
  return (
    <li>
      <div class="letter">
        <div>
          <code>{place}</code>
          <p>
            {texts.dead.by(actor, attempts)} <span class="bad">{error}</span>
          </p>
        </div>
        <div class="ways">
          <button type="button" class="button" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
            {texts.dead.show}
          </button>
          {state === "sent" ? (
            <span class="tag ok" role="status">
              {texts.dead.sent}
            </span>
          ) : (
            <button
              type="button"
              class="button"
              disabled={state === "sending"}
              aria-label={texts.dead.sendBackWhat(place)}
              onClick={() => (sending.value = "asking")}
            >
              {texts.dead.sendBack}
            </button>
          )}
        </div>
      </div>
      {state === "asking" && <Confirm letter={letter} yes={sendBack} no={() => (sending.value = "no")} />}
      {typeof state === "object" && (
        <p class="bad" role="alert">
          {texts.dead.notSent(state.failed)}
        </p>
      )}
      {open.value && <Details letter={letter} />}
    </li>
  )
}

/** Failed for a reason that does not pass by itself. */
const isPermanent = ({ reason }: DeadLetter): boolean => reason === "undecodable" || reason === "rejected"

interface ConfirmProps {
  readonly letter: DeadLetter
  readonly yes: () => void
  readonly no: () => void
}

const Confirm = ({ letter, yes, no }: ConfirmProps) => {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  const question = texts.dead.confirm(letter.origin.topic)
  return (
    <div class="confirm" role="alertdialog" aria-label={question} onKeyDown={(event) => event.key === "Escape" && no()}>
      <span>
        {question} {isPermanent(letter) && texts.dead.wouldFail}
      </span>
      <button ref={button} type="button" class="button first" onClick={yes}>
        {texts.dead.sendBack}
      </button>
      <button type="button" class="button" onClick={no}>
        {texts.dead.leave}
      </button>
    </div>
  )
}

const Details = ({ letter }: { readonly letter: DeadLetter }) => {
  const { at, firstFailedAt, headers, key, origin, reason, value } = letter
  return (
    <div class="letter-details">
      <dl>
        <dt>{texts.dead.reason}</dt>
        <dd>{texts.way.reasons[reason as keyof typeof texts.way.reasons] ?? reason}</dd>
        <dt>{texts.dead.key}</dt>
        <dd>
          <bdi>{key ?? texts.dead.noKey}</bdi>
        </dd>
        <dt>{texts.dead.firstFailed}</dt>
        <dd>{wholeTime(firstFailedAt)}</dd>
        <dt>{texts.dead.since}</dt>
        <dd>{wholeTime(at)}</dd>
        {Object.entries(headers).map(([name, text]) => (
          <>
            <dt key={name}>
              <bdi>{name}</bdi>
            </dt>
            <dd>
              <bdi>{text}</bdi>
            </dd>
          </>
        ))}
      </dl>
      <pre tabIndex={0} aria-label={texts.dead.value}>
        {readable(value)}
      </pre>
      <button type="button" class="link" onClick={() => follow(`${origin.topic}/${origin.partition}/${origin.offset}`)}>
        {texts.way.see}
      </button>
    </div>
  )
}

/** Characters of a value that are shown. */
const mostShown = 20_000

const readable = (value: string): string => {
  const text = value.length > mostShown ? `${value.slice(0, mostShown)}…` : value
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
