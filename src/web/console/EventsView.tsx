/** Events of other programs: forms that publish one, and what becomes of the last ones, as it happens. */
import { useSignal } from "@preact/signals"
import * as api from "./api.ts"
import { EventCard } from "./EventCard.tsx"
import { EventForm } from "./EventForm.tsx"
import { useLoaded } from "./Loaded.ts"
import { Notice } from "./Notice.tsx"
import { route } from "./Route.ts"
import { connection, eventsVersion } from "./state.ts"
import { texts } from "./texts.ts"
import { TopBar } from "./TopBar.tsx"

export const EventsView = () => (
  <main class="view">
    <TopBar title={texts.events.title} topic={texts.events.topic} />
    <div class="scroll" tabIndex={0} role="region" aria-label={texts.events.title}>
      <div class="sheet events">
        <Forms />
        <Recent />
      </div>
    </div>
    <div class="composer bare">
      <Notice />
    </div>
  </main>
)

const Forms = () => {
  const kinds = useLoaded(api.eventKinds, [connection.value.state])
  const chosen = useSignal("request.created")
  if (kinds.state !== "ready")
    return <p class="quiet">{kinds.state === "loading" ? texts.events.loading : texts.events.unreadable}</p>
  const kind = kinds.value.find(({ type }) => type === chosen.value) ?? kinds.value[0]
  return (
    <section aria-labelledby="event-forms">
      <h2 id="event-forms">{texts.events.publish}</h2>
      <div class="kinds" role="group" aria-labelledby="event-forms">
        {kinds.value.map(({ description, icon, type }) => (
          <button key={type} type="button" aria-pressed={type === kind?.type} onClick={() => (chosen.value = type)}>
            <span aria-hidden="true">{icon} </span>
            {texts.events.forms[type]?.title ?? description}
          </button>
        ))}
      </div>
      {kind && <EventForm key={kind.type} kind={kind} />}
    </section>
  )
}

/** The one the address names is open, else the newest. */
const Recent = () => {
  const recent = useLoaded(api.recentEvents, [eventsVersion.value, connection.value.state])
  const { value: shown } = route
  const id = shown.view === "events" ? shown.eventId : undefined
  const events = recent.state === "ready" ? recent.value : []
  const isListed = id === undefined || events.some((event) => event.id === id)
  return (
    <section aria-labelledby="recent-events">
      <h2 id="recent-events">{texts.events.recent}</h2>
      {recent.state === "loading" && <p class="quiet">{texts.events.loading}</p>}
      {recent.state === "failed" && <p class="bad">{texts.events.unreadable}</p>}
      {recent.state === "ready" && events.length === 0 && isListed && <p class="quiet">{texts.events.none}</p>}
      {!isListed && <Older key={id} id={id} />}
      {events.map((event, index) => (
        <EventCard key={event.id} event={event} open={id === undefined ? index === 0 : event.id === id} />
      ))}
    </section>
  )
}

/** One that a link leads to, and many came after. */
const Older = ({ id }: { readonly id: string }) => {
  const found = useLoaded(() => api.recentEvent(id), [id, eventsVersion.value])
  if (found.state === "ready") return <EventCard event={found.value} open />
  return <p class="quiet">{found.state === "loading" ? texts.events.loading : texts.events.gone}</p>
}
