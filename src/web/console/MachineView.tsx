/** How the process is: one sentence, then its parts, its actors, what failed, its topics, and what it was told. */
import { useEffect } from "preact/hooks"
import type { PartStatus } from "../../domain/Happening.ts"
import { ActorsTable } from "./ActorsTable.tsx"
import type { Status } from "./api.ts"
import * as api from "./api.ts"
import { Complaints } from "./Complaints.tsx"
import { DeadLetters } from "./DeadLetters.tsx"
import { useLoaded } from "./Loaded.ts"
import { Notice } from "./Notice.tsx"
import { Settings } from "./Settings.tsx"
import { SourcesTable } from "./SourcesTable.tsx"
import { connection, refreshStatus, status } from "./state.ts"
import { number, texts } from "./texts.ts"
import { duration } from "./Times.ts"
import { TopBar } from "./TopBar.tsx"
import { TopicsTable } from "./TopicsTable.tsx"

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

const Machine = ({ status }: { readonly status: Status }) => {
  const topics = useLoaded(api.topics, [status])
  const history = useLoaded(api.history, [status])
  const lastHour = history.state === "ready" ? history.value : undefined
  return (
    <>
      <p class="summary">
        <span class={status.ready ? "dot" : "dot warn"} aria-hidden="true" />
        {status.summary}
      </p>
      <Parts parts={status.parts} />
      <div class="halves">
        <DeadLetters />
        <Complaints />
      </div>
      <ActorsTable actors={status.actors} history={lastHour} />
      {topics.state === "ready" && <TopicsTable topics={topics.value} history={lastHour} />}
      <div class="halves">
        <Knowledge knowledge={status.knowledge} />
        <SourcesTable />
      </div>
      <Settings />
      <p class="more">
        {texts.machine.more} <a href="/docs">{texts.machine.api}</a>,{" "}
        <a href="/openapi.json">{texts.machine.openapi}</a>, <a href="/metrics">{texts.machine.metrics}</a>
      </p>
    </>
  )
}

const Parts = ({ parts }: { readonly parts: ReadonlyArray<PartStatus> }) => (
  <section aria-label={texts.machine.parts}>
    <h2 class="unseen">{texts.machine.parts}</h2>
    <ul class="parts">
      {parts.map((part) => (
        <li key={part.name}>
          <PartTag part={part} />
          <h3>{texts.machine.part[part.name] ?? part.name}</h3>
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
