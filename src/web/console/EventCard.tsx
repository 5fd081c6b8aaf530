/** An event: what was done about it as it is done, and how it is told. */
import type { RecentEvent } from "./api.ts"
import { EmbedView } from "./EmbedView.tsx"
import { eventsAddress } from "./Route.ts"
import { texts } from "./texts.ts"
import { clockTime, wholeTime } from "./Times.ts"
import { follow } from "./WayPanel.tsx"

const looks = { waiting: "", underway: "warn", processed: "ok", failed: "bad" } as const

interface Props {
  readonly event: RecentEvent
  /** With everything; else one line, and a link to the rest. */
  readonly open: boolean
}

export const EventCard = ({ event, open }: Props) => {
  const { heading, icon, id, name, publishedAt, state } = event
  return (
    <article class={open ? "event open" : "event"} aria-label={`${name}: ${heading}`}>
      <header>
        <span aria-hidden="true">{icon}</span>
        <h3>
          <a href={eventsAddress(id)} aria-current={open ? "true" : undefined}>
            <bdi>{heading}</bdi>
          </a>
        </h3>
        <span class={`tag ${looks[state]}`}>{texts.events.state[state]}</span>
        <time dateTime={new Date(publishedAt).toISOString()} title={wholeTime(publishedAt)}>
          {clockTime(publishedAt)}
        </time>
      </header>
      {open && <Steps event={event} />}
      {open && event.embed && <EmbedView embed={event.embed} />}
      {open && (
        <button type="button" class="button" onClick={() => follow(id)}>
          {texts.events.way}
        </button>
      )}
    </article>
  )
}

interface Line {
  readonly name: string
  readonly detail: string
  readonly at: number
  readonly look: "done" | "refused" | "unknown"
}

const linesOf = ({ error, publishedAt, steps, takenAt, toldAt }: RecentEvent): ReadonlyArray<Line> => [
  { name: texts.events.begun, detail: "", at: publishedAt, look: "done" },
  ...(takenAt === null ? [] : [{ name: texts.events.taken, detail: "", at: takenAt, look: "done" } as const]),
  ...steps.map(({ at, detail, outcome, step }) => ({ name: step, detail, at, look: outcome })),
  ...(toldAt === null ? [] : [{ name: texts.events.told, detail: error ?? "", at: toldAt, look: "done" } as const])
]

const Steps = ({ event }: { readonly event: RecentEvent }) => (
  <ol class="event-steps" aria-label={texts.events.steps} aria-live="polite">
    {linesOf(event).map(({ at, detail, look, name }, index) => (
      <li key={index} class={look}>
        <b>{name}</b>
        {look !== "done" && <span class="tag bad">{texts.events.outcome[look]}</span>}
        <bdi>{detail}</bdi>
        <span class="figure">{texts.events.after(Math.max(0, at - event.publishedAt))}</span>
      </li>
    ))}
  </ol>
)
