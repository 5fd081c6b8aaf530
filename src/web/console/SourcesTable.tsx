/** Where documents come from, when they were read and what went wrong. */
import type { SourceState } from "./api.ts"
import * as api from "./api.ts"
import { useLoaded } from "./Loaded.ts"
import { documentsAddress } from "./Route.ts"
import { documentsVersion, status } from "./state.ts"
import { texts } from "./texts.ts"
import { wholeTime } from "./Times.ts"

export const SourcesTable = () => {
  const sources = useLoaded(api.sources, [documentsVersion.value, status.value])
  if (sources.state !== "ready") return null
  return (
    <section>
      <h2 id="sources">{texts.sources.title}</h2>
      {sources.value.length === 0 && <p class="quiet">{texts.sources.none}</p>}
      <ul class="sources-list" aria-labelledby="sources">
        {sources.value.map((source) => (
          <li key={source.source}>
            <a href={documentsAddress()}>
              <bdi>{source.source}</bdi>
            </a>
            <span class="figure">{texts.documents.count(source.documents)}</span>
            <span class="figure">{howRead(source)}</span>
            <Troubles source={source} />
          </li>
        ))}
      </ul>
    </section>
  )
}

export const howRead = ({ reading, refreshedAt }: SourceState): string => {
  if (reading?.state === "waiting" || reading?.state === "reading")
    return texts.sources.reading(reading.done, reading.total)
  return refreshedAt === null ? "" : texts.documents.refreshed(wholeTime(refreshedAt))
}

/** Left out of one source that are named; the rest is counted. */
const named = 3

export const Troubles = ({ source: { problems, reading } }: { readonly source: SourceState }) => (
  <>
    {reading?.error != null && <p class="bad">{reading.error}</p>}
    {problems.slice(0, named).map(({ path, reason }) => (
      <p key={path} class="warn">
        <bdi>{path}</bdi> {reason}
      </p>
    ))}
    {problems.length > named && <p class="warn">{texts.sources.moreProblems(problems.length - named)}</p>}
  </>
)
