/** The actors: what each does, how fast, and what stands in its way. */
import type { ActorStatus } from "../../domain/Happening.ts"
import type { History } from "./api.ts"
import { highestOf, Spark } from "./Spark.tsx"
import { number, texts } from "./texts.ts"

interface Props {
  readonly actors: ReadonlyArray<ActorStatus>
  readonly history: History | undefined
}

const columns = ["lag", "inHand", "retries", "restarts", "deadLetters"] as const

/** Milliseconds of one bar. */
export const barMs = 60_000
export const perBar = (history: History): number => Math.max(1, Math.round(barMs / history.everyMs))

export const ActorsTable = ({ actors, history }: Props) => {
  const highest = history
    ? highestOf(
        Object.values(history.actors).map(({ handled }) => handled),
        perBar(history)
      )
    : 1
  return (
    <section>
      <h2 id="actors">{texts.machine.actors}</h2>
      <table class="actors" aria-labelledby="actors">
        <thead>
          <tr>
            <th scope="col">{texts.machine.actor}</th>
            <th scope="col" class="route">
              {texts.machine.route}
            </th>
            <th scope="col" class="state">
              {texts.machine.state}
            </th>
            <th scope="col" class="chart">
              {texts.machine.lastHour}
            </th>
            <th scope="col" class="number rate">
              {texts.machine.rate}
            </th>
            {columns.map((name) => (
              <th key={name} scope="col" class={`number ${name}`}>
                {texts.machine[name]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {actors.map((actor) => (
            <ActorRow key={actor.name} actor={actor} history={history} highest={highest} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface RowProps {
  readonly actor: ActorStatus
  readonly history: History | undefined
  readonly highest: number
}

const ActorRow = ({ actor, history, highest }: RowProps) => {
  const handled = history?.actors[actor.name]?.handled ?? []
  const rate = ((handled.at(-1) ?? 0) * 1_000) / (history?.everyMs ?? 1)
  return (
    <>
      <tr class={actor.lastError === null ? undefined : "failed"}>
        <th scope="row">
          <span class={dotOf(actor)} aria-hidden="true" />
          {actor.name}
        </th>
        <td class="route">{actor.route}</td>
        <td class={actor.state === "running" ? "state zero" : "state"}>{texts.machine.states[actor.state]}</td>
        <td class="chart">{history && <Spark series={handled} per={perBar(history)} highest={highest} />}</td>
        <td class={rate === 0 ? "number rate zero" : "number rate"} title={texts.machine.handledAll(actor.handled)}>
          {texts.machine.perSecond(rate)}
        </td>
        {columns.map((name) => (
          <td key={name} class={`number ${name} ${toneOf(name, actor[name])}`}>
            {actor[name] === null ? "–" : number(actor[name])}
          </td>
        ))}
      </tr>
      {actor.lastError !== null && (
        <tr class="error">
          <td colSpan={5 + columns.length}>
            {texts.machine.lastError}: <span class="bad">{actor.lastError}</span>
          </td>
        </tr>
      )}
    </>
  )
}

/** Round and green works, an amber ring lags or comes back, a grey ring is not at work, a red square stands still. */
const dotOf = ({ state, lag, lastError }: ActorStatus): string => {
  // One that is done stops, too.
  if (state === "stopped" && lastError !== null) return "dot bad"
  if (state === "restarting" || (state === "running" && (lag ?? 0) > lagging)) return "dot warn"
  return state === "running" ? "dot" : "dot idle"
}

/** Fewer records than this are a moment's work. */
export const lagging = 100

const toneOf = (column: (typeof columns)[number], value: number | null): string => {
  if (value === null || value === 0) return "zero"
  if (column === "deadLetters") return "bad"
  return (column === "lag" && value > lagging) || column === "restarts" ? "warn" : ""
}
