/** The way of a record: through which actors and topics it went, and how an answer came about. */
import { useSignal } from "@preact/signals"
import { Fragment } from "preact"
import { useEffect, useRef } from "preact/hooks"
import type { LocalMessage } from "../../domain/Happening.ts"
import type { Explanation } from "../../domain/Way.ts"
import type { Way } from "./api.ts"
import * as api from "./api.ts"
import { Icon } from "./Icon.tsx"
import { useLoaded } from "./Loaded.ts"
import { SourceLink } from "./SourceLink.tsx"
import { channelId, connection, followed, followedVersion, roomOf } from "./state.ts"
import { number, texts } from "./texts.ts"
import { clockTime } from "./Times.ts"
import { ownTitle, titleAbove } from "./Title.ts"
import { type ActorStep, journeyOf, type RecordStep, type Step, type TransactionStep } from "./Way.ts"

let opener: Element | null = null

/** Shows the way of something, and comes back to where the keyboard was. */
export const follow = (id: string): void => {
  opener = document.activeElement
  followed.value = id
}

const close = (): void => {
  followed.value = undefined
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
}

export const WayPanel = () => {
  const id = followed.value
  return id === undefined ? null : <Panel key={id} id={id} />
}

const Panel = ({ id }: { readonly id: string }) => {
  const way = useLoaded(() => api.way(id), [id, followedVersion.value, connection.value.state])
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (opener !== null && opener === document.activeElement) title.current?.focus()
  }, [])
  return (
    <aside class="way-panel" data-panel aria-labelledby="way-title">
      <header class="top">
        <h2 id="way-title" ref={title} tabIndex={-1}>
          {texts.way.title}
        </h2>
        {way.state === "ready" && way.value.said && (
          <p>{texts.way.saidAt(way.value.said.by, clockTime(way.value.said.at))}</p>
        )}
        <button type="button" class="icon-button" aria-label={texts.way.close} data-close onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.way.title}>
        {way.state === "loading" && <p class="quiet pad">{texts.way.loading}</p>}
        {way.state === "failed" && (
          <p class="quiet pad">{way.problem.status === 404 ? texts.way.unknown : texts.way.failed}</p>
        )}
        {way.state === "ready" && <Shown way={way.value} />}
      </div>
    </aside>
  )
}

const Shown = ({ way }: { readonly way: Way }) => {
  const answer = answerTo(way.id)
  return (
    <>
      <Steps way={way} answer={answer} />
      {way.explanation && <Found explanation={way.explanation} answer={answer} />}
      {way.explanation && <Grounds explanation={way.explanation} />}
      {way.explanation && <Prompt id={way.id} answer={answer} />}
    </>
  )
}

const answerTo = (id: string): LocalMessage | undefined =>
  roomOf(channelId.value ?? "").messages.value.find((message) => message.answer && message.replyTo === id)

const ms = (value: number): string => texts.way.ms(value)

const Steps = ({ way, answer }: { readonly way: Way; readonly answer: LocalMessage | undefined }) => {
  const { outcome, steps, total } = journeyOf(way)
  const refused = answer?.answer?.refused
  const ended = refused === undefined ? texts.way.outcome.done : texts.way.outcome[refused ? "refused" : "answered"]
  return (
    <section aria-label={texts.way.steps}>
      <h3 class={outcome}>
        {outcome === "done" ? ended : texts.way.outcome[outcome]}
        <span class="figure">{outcome === "underway" ? "" : ms(total)}</span>
      </h3>
      {steps.length === 0 && <p class="quiet">{texts.way.nothingYet}</p>}
      <ol class="steps">
        {steps.map((step, index) => (
          <StepView key={index} step={step} />
        ))}
      </ol>
    </section>
  )
}

const StepView = ({ step }: { readonly step: Step }) => {
  if (step.type === "record") return <RecordView step={step} />
  return step.type === "actor" ? <ActorView step={step} /> : <TransactionView step={step} />
}

const capitalised = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)

const At = ({ at }: { readonly at: number }) => <span class="at">{number(Math.round(at))}</span>

const placeText = ({ topic, partition, offset }: RecordStep["place"]) => `${topic} [${partition}]@${offset}`

const RecordView = ({ step }: { readonly step: RecordStep }) => (
  <li class="record">
    <At at={step.at} />
    <span>
      <code>{placeText(step.place)}</code>
      {step.key !== null && <small>{texts.way.key(step.key)}</small>}
    </span>
  </li>
)

const ActorView = ({ step }: { readonly step: ActorStep }) => (
  <li class={step.error === null ? (step.took === null ? "actor working" : "actor") : "actor failed"}>
    <At at={step.at} />
    <span>
      <b>{capitalised(step.name)}</b>
      {step.attempt !== undefined && <span class="tag warn">{texts.way.attempt(step.attempt)}</span>}
      {step.error !== null && <small class="bad">{step.error}</small>}
      {step.waits !== undefined && <small>{texts.way.waits(step.waits)}</small>}
    </span>
    <span class="figure">{step.took === null ? texts.way.atWork : ms(step.took)}</span>
  </li>
)

/** One that writes nothing only says that the record is done. */
const isPlain = ({ deadLetter, outputs, topics }: TransactionStep): boolean =>
  outputs.length === 0 && topics.length === 0 && deadLetter === null

const TransactionView = ({ step }: { readonly step: TransactionStep }) => (
  <li class={step.deadLetter ? "transaction dead" : "transaction"}>
    {!isPlain(step) && <p>{texts.way.transaction(step.took)}</p>}
    <ol>
      {step.outputs.map((output) => (
        <RecordView key={placeText(output.place)} step={output} />
      ))}
      {step.topics.map((topic) => (
        <li key={topic} class="record">
          <span class="at" />
          <span>
            <code>{topic}</code>
            {step.deadLetter && (
              <small class="bad">
                {texts.way.reasons[step.deadLetter.reason as keyof typeof texts.way.reasons] ?? step.deadLetter.reason}:{" "}
                {step.deadLetter.error}
              </small>
            )}
          </span>
        </li>
      ))}
      <li class="record done">
        <At at={step.at + step.took} />
        <span>
          <code>{placeText(step.done)}</code> {texts.way.done}
        </span>
        {isPlain(step) && (
          <span class="figure" title={texts.way.transaction(step.took)}>
            {ms(step.took)}
          </span>
        )}
      </li>
    </ol>
  </li>
)

const parts = ["text", "cosine", "coverage", "bigrams", "title"] as const

interface Explained {
  readonly explanation: Explanation
  readonly answer?: LocalMessage | undefined
}

const Found = ({ explanation, answer }: Explained) => {
  const { found, proposed, removed, unknown, vectors } = explanation
  const widest = Math.max(...found.map(({ score }) => score), 0.001)
  return (
    <section aria-label={texts.way.passages}>
      <h3>
        {texts.way.passages}
        <span class="figure">{texts.way.ranked(proposed, found.length)}</span>
      </h3>
      <p class="legend" aria-hidden="true">
        {parts.map((part) => (
          <span key={part}>
            <i class={`part-${part}`} />
            {texts.way.parts[part]}
          </span>
        ))}
      </p>
      <ol class="found">
        {found.map(({ parts: signals, passageId, score, title, url }, index) => (
          <li key={passageId}>
            <span class="rank">{index + 1}</span>
            <span class="title">
              <SourceLink url={url} quote="">
                <bdi class="cut" title={title}>
                  {shortTitle(title)}
                </bdi>
              </SourceLink>
              <Cited answer={answer} passageId={passageId} />
            </span>
            <b>{score.toFixed(2)}</b>
            <span
              class="score"
              role="img"
              aria-label={texts.way.madeOf(parts.map((part) => `${texts.way.parts[part]} ${signals[part].toFixed(2)}`))}
            >
              {parts.map((part) => (
                <i
                  key={part}
                  class={`part-${part}`}
                  title={`${texts.way.parts[part]} ${signals[part].toFixed(2)}`}
                  style={{ width: `${(100 * Math.max(0, signals[part])) / widest}%` }}
                />
              ))}
            </span>
          </li>
        ))}
      </ol>
      {!vectors && <p class="note">{texts.way.textAlone}</p>}
      {removed > 0 && (
        <p class="note">
          <Icon name="hidden" />
          {texts.way.removed(removed)}
        </p>
      )}
      {unknown.length > 0 && (
        <p class="note">
          {texts.way.unknownWords}{" "}
          {unknown.map((word, index) => (
            <Fragment key={word}>
              {index > 0 && ", "}
              <bdi>“{word}”</bdi>
            </Fragment>
          ))}
        </p>
      )}
    </section>
  )
}

/** The two innermost headings tell most. */
const shortTitle = (title: string): string => {
  const above = ownTitle(titleAbove(title))
  if (title === "") return texts.way.chat
  return above === "" ? title : `${above} › ${ownTitle(title)}`
}

const Cited = ({ answer, passageId }: { readonly answer: LocalMessage | undefined; readonly passageId: string }) => {
  const chunk = chunkOf(passageId)
  const cited = answer?.answer?.citations.filter((citation) => chunkOf(citation.passageId) === chunk) ?? []
  return (
    <>
      {cited.map(({ n }) => (
        <span key={n} class="tag model">
          {texts.way.cited(n)}
        </span>
      ))}
    </>
  )
}

/** Passages of a section are numbered after its id. */
const chunkOf = (passageId: string): string => passageId.replace(/(?<=#\d+)\/\d+$/, "")

const Grounds = ({ explanation: { grounds } }: Explained) => {
  const most = Math.max(grounds.threshold * 2, grounds.score) * 1.05
  const at = (value: number) => `${Math.max(0, Math.min(100, (100 * value) / most))}%`
  return (
    <section aria-label={texts.way.grounds}>
      <h3>
        {texts.way.grounds}
        <span class="figure">{grounds.score.toFixed(2)}</span>
      </h3>
      <div class="scale" role="img" aria-label={texts.way.groundsAre(grounds.score, grounds.threshold)}>
        <i class="refuses" style={{ width: at(grounds.threshold) }} />
        <i class="answers" style={{ left: at(grounds.threshold) }} />
        <b style={{ left: at(grounds.score) }} />
      </div>
      <p class="ends" aria-hidden="true">
        <span>{texts.way.refuses(grounds.threshold)}</span>
        <span>{texts.way.answers}</span>
      </p>
      <p class="quiet">{grounds.enough ? texts.way.enough : texts.way.notEnough}</p>
    </section>
  )
}

/** Made when somebody wants to see it. */
const Prompt = ({ id, answer }: { readonly id: string; readonly answer: LocalMessage | undefined }) => {
  const open = useSignal(false)
  return (
    <section aria-label={texts.way.prompt}>
      <h3>{texts.way.prompt}</h3>
      {answer?.answer?.mode === "closest" && <p class="quiet">{texts.way.noModel}</p>}
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>{texts.way.showPrompt}</summary>
        {open.value && <PromptText id={id} />}
      </details>
    </section>
  )
}

const PromptText = ({ id }: { readonly id: string }) => {
  const prompt = useLoaded(() => api.prompt(id), [id])
  if (prompt.state === "loading") return <p class="quiet">{texts.way.promptLoading}</p>
  if (prompt.state === "failed") return <p class="quiet">{texts.way.noPrompt}</p>
  return <pre tabIndex={0}>{`${prompt.value.instructions}\n\n${prompt.value.data}`}</pre>
}
