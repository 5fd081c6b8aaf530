/** How the process is: one sentence, then its parts, its actors and what it knows. */
import { useEffect } from "preact/hooks"
import type { ActorStatus, PartStatus } from "../../domain/Happening.ts"
import type { Status } from "./api.ts"
import { Notice } from "./Notice.tsx"
import { connection, refreshStatus, status } from "./state.ts"
import { number, texts } from "./texts.ts"
import { duration } from "./Times.ts"
import { TopBar } from "./TopBar.tsx"

/** Figures change all the time, and only this view shows them. */
const refreshEvery = 3_000

export const MachineView = () => {
  useEffect(() => {
    refreshStatus()
    const timer = setInterval(refreshStatus, refreshEvery)
    return () => clearInterval(timer)
  }, [])
  const shown = status.value
  return (
    <main class="view">
      <TopBar title={texts.machine.title}>
        {shown && (
          <span class="quiet aside">
            {texts.machine.version(shown.version)}, {texts.machine.up(duration(Date.now() - shown.startedAt))}
          </span>
        )}
      </TopBar>
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.machine.title}>
        <div class="sheet">{shown ? <Machine status={shown} /> : <p class="quiet">{waitingText()}</p>}</div>
      </div>
      <div class="composer bare">
        <Notice />
      </div>
    </main>
  )
}

const waitingText = () => (connection.value.state === "lost" ? texts.machine.failed : texts.machine.loading)

const Machine = ({ status }: { readonly status: Status }) => (
  <>
    <p class="summary">
      <span class={status.ready ? "dot" : "dot warn"} aria-hidden="true" />
      {status.summary}
    </p>
    <Parts parts={status.parts} />
    <Knowledge knowledge={status.knowledge} />
    <Actors actors={status.actors} />
    <p class="more">
      {texts.machine.more} <a href="/docs">{texts.machine.api}</a>, <a href="/openapi.json">{texts.machine.openapi}</a>,{" "}
      <a href="/metrics">{texts.machine.metrics}</a>
    </p>
  </>
)

const Parts = ({ parts }: { readonly parts: ReadonlyArray<PartStatus> }) => (
  <section aria-label={texts.machine.parts}>
    <h2 class="unseen">{texts.machine.parts}</h2>
    <ul class="parts">
      {parts.map((part) => (
        <li key={part.name}>
          <PartTag part={part} />
          <h3>{texts.machine.part[part.name]}</h3>
          <p>{part.detail}</p>
        </li>
      ))}
    </ul>
  </section>
)

const PartTag = ({ part }: { readonly part: PartStatus }) => {
  if (!part.up) return <span class="tag bad">{texts.machine.down}</span>
  if (part.breaker !== undefined && part.breaker !== "closed")
    return <span class="tag warn">{texts.machine.breaker[part.breaker]}</span>
  return part.kind === "real" ? (
    <span class="tag ok">{texts.machine.real}</span>
  ) : (
    <span class="tag">{texts.machine.embedded}</span>
  )
}

const counts = ["documents", "chunks", "passages", "messages"] as const

const Knowledge = ({ knowledge }: Pick<Status, "knowledge">) => (
  <section>
    <h2>{texts.machine.knowledge}</h2>
    <dl class="counts">
      {counts.map((name) => (
        <div key={name}>
          <dt>{texts.machine.counts[name]}</dt>
          <dd>{number(knowledge[name])}</dd>
        </div>
      ))}
      <div>
        <dt>{knowledge.waiting === 0 ? texts.machine.allVectors : texts.machine.counts.waiting}</dt>
        <dd class={knowledge.waiting === 0 ? "zero" : "warn"}>{number(knowledge.waiting)}</dd>
      </div>
    </dl>
  </section>
)

const columns = ["handled", "lag", "inHand", "retries", "restarts", "deadLetters"] as const

const Actors = ({ actors }: { readonly actors: ReadonlyArray<ActorStatus> }) => (
  <section>
    <h2 id="actors">{texts.machine.actors}</h2>
    <table class="actors" aria-labelledby="actors">
      <thead>
        <tr>
          <th scope="col">{texts.machine.actor}</th>
          <th scope="col">{texts.machine.route}</th>
          <th scope="col">{texts.machine.state}</th>
          {columns.map((name) => (
            <th key={name} scope="col" class={`number ${name}`}>
              {texts.machine[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {actors.map((actor) => (
          <ActorRow key={actor.name} actor={actor} />
        ))}
      </tbody>
    </table>
  </section>
)

const ActorRow = ({ actor }: { readonly actor: ActorStatus }) => (
  <>
    <tr class={actor.lastError === null ? undefined : "failed"}>
      <th scope="row">
        <span class={dotOf(actor)} aria-hidden="true" />
        {actor.name}
      </th>
      <td class="route">{actor.route}</td>
      <td class={actor.state === "running" ? "state zero" : "state"}>{texts.machine.states[actor.state]}</td>
      {columns.map((name) => (
        <td key={name} class={`number ${name} ${toneOf(name, actor[name])}`}>
          {actor[name] === null ? "–" : number(actor[name])}
        </td>
      ))}
    </tr>
    {actor.lastError !== null && (
      <tr class="error">
        <td colSpan={3 + columns.length}>
          {texts.machine.lastError}: <span class="bad">{actor.lastError}</span>
        </td>
      </tr>
    )}
  </>
)

/** Round and green works, an amber ring lags or comes back, a grey ring is not at work, a red square stands still. */
const dotOf = ({ state, lag, lastError }: ActorStatus): string => {
  // One that is done stops, too.
  if (state === "stopped" && lastError !== null) return "dot bad"
  if (state === "restarting" || (state === "running" && (lag ?? 0) > lagging)) return "dot warn"
  return state === "running" ? "dot" : "dot idle"
}

/** Fewer records than this are a moment's work. */
const lagging = 100

const toneOf = (column: (typeof columns)[number], value: number | null): string => {
  if (value === null || value === 0) return "zero"
  if (column === "deadLetters") return "bad"
  return (column === "lag" && value > lagging) || column === "restarts" ? "warn" : ""
}
