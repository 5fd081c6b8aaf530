/** What went wrong lately, newest first. */
import * as api from "./api.ts"
import { useLoaded } from "./Loaded.ts"
import { status } from "./state.ts"
import { texts } from "./texts.ts"
import { clockTime, wholeTime } from "./Times.ts"

/** More are in the log of the process. */
const shown = 8

export const Complaints = () => {
  const complaints = useLoaded(api.complaints, [status.value])
  const all = complaints.state === "ready" ? complaints.value : []
  return (
    <section>
      <h2 id="complaints">{texts.complaints.title}</h2>
      {complaints.state === "ready" && all.length === 0 && <p class="quiet">{texts.complaints.none}</p>}
      {complaints.state === "failed" && <p class="quiet">{texts.complaints.failed}</p>}
      <ul class="complaints" aria-labelledby="complaints">
        {all.slice(0, shown).map(({ actor, at, level, text, times }) => (
          <li key={`${at} ${text}`}>
            <time title={wholeTime(at)}>{clockTime(at)}</time>
            <span class={level === "error" ? "tag bad" : "tag warn"}>{texts.complaints[level]}</span>
            <span>
              {actor !== null && <b>{actor} </b>}
              {text}
              {times > 1 && <span class="quiet"> {texts.complaints.times(times)}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
