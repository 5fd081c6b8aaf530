/** What was read: the documents of each source. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { AddDocuments } from "./AddDocuments.tsx"
import type { Source, SourceState } from "./api.ts"
import * as api from "./api.ts"
import { Icon } from "./Icon.tsx"
import { useLoaded } from "./Loaded.ts"
import { Notice } from "./Notice.tsx"
import { documentsAddress } from "./Route.ts"
import { howRead, Troubles } from "./SourcesTable.tsx"
import { connection, documentsVersion } from "./state.ts"
import { texts } from "./texts.ts"
import { wholeTime } from "./Times.ts"
import { TopBar } from "./TopBar.tsx"

export const DocumentsView = () => {
  const sources = useLoaded(api.documents, [documentsVersion.value, connection.value.state])
  const states = useLoaded(api.sources, [documentsVersion.value, connection.value.state])
  useWhileReading(states.state === "ready" ? states.value : [])
  return (
    <main class="view">
      <TopBar title={texts.documents.title} topic={texts.documents.topic} />
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.documents.title}>
        <div class="sheet narrow">
          <AddDocuments />
          {sources.state === "loading" && <p class="quiet">{texts.documents.loading}</p>}
          {sources.state === "failed" && <p class="quiet">{texts.documents.failed}</p>}
          {sources.state === "ready" && (
            <Sources sources={sources.value} states={states.state === "ready" ? states.value : []} />
          )}
        </div>
      </div>
      <div class="composer bare">
        <Notice />
      </div>
    </main>
  )
}

const isBeingRead = ({ reading }: SourceState): boolean => reading?.state === "waiting" || reading?.state === "reading"

const lookAgain = 1_500

/** While something is read, how far it is changes without an event. */
const useWhileReading = (states: ReadonlyArray<SourceState>): void => {
  const reading = states.some(isBeingRead)
  useEffect(() => {
    if (!reading) return undefined
    const timer = setInterval(() => documentsVersion.value++, lookAgain)
    return () => clearInterval(timer)
  }, [reading])
}

interface SourcesProps {
  readonly sources: ReadonlyArray<Source>
  readonly states: ReadonlyArray<SourceState>
}

const Sources = ({ sources, states }: SourcesProps) => {
  const listed = new Set(sources.map(({ source }) => source))
  const others = states.filter(({ source }) => !listed.has(source))
  if (others.length === 0 && !sources.some(({ documents }) => documents.length > 0)) return <Nothing />
  return (
    <>
      {others.map((state) => (
        <section key={state.source} class="source">
          <Head source={state.source} documents={0} state={state} />
        </section>
      ))}
      {sources.map((source) => (
        <section key={source.source} class="source">
          <Head
            source={source.source}
            documents={source.documents.length}
            state={states.find((state) => state.source === source.source)}
            refreshedAt={source.refreshedAt}
          />
          <ul>
            {source.documents.map(({ id, path, title, chunks }) => (
              <li key={id}>
                <a href={documentsAddress(id)}>
                  <Icon name="document" />
                  <bdi class="name">{title}</bdi>
                  <bdi class="path">{path}</bdi>
                  <span class="figure">{texts.documents.sections(chunks)}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

interface HeadProps {
  readonly source: string
  readonly documents: number
  readonly state: SourceState | undefined
  readonly refreshedAt?: number
}

const Head = ({ source, documents, state, refreshedAt }: HeadProps) => {
  const removing = useSignal(false)
  const problem = useSignal<string | undefined>(undefined)
  const run = async (change: (source: string) => Promise<unknown>) => {
    removing.value = false
    problem.value = undefined
    try {
      await change(source)
      documentsVersion.value++
    } catch (error) {
      problem.value = api.asProblem(error).message
    }
  }
  const when = state ? howRead(state) : refreshedAt && texts.documents.refreshed(wholeTime(refreshedAt))
  return (
    <>
      <div class="source-head">
        <h2>
          <bdi>{source}</bdi>
          <span>
            {texts.documents.count(documents)}
            {when && `, ${when}`}
          </span>
        </h2>
        {state?.kind != null && !isBeingRead(state) && (
          <button type="button" class="button" onClick={() => run(api.refreshSource)}>
            {texts.documents.again}
          </button>
        )}
        {state && (
          <button type="button" class="button" onClick={() => (removing.value = true)}>
            {texts.documents.remove}
          </button>
        )}
      </div>
      {removing.value && (
        <div class="confirm" role="alertdialog" aria-label={texts.documents.confirmRemove(source)}>
          <span>{texts.documents.confirmRemove(source)}</span>
          <button type="button" class="button bad" onClick={() => run(api.removeSource)}>
            {texts.documents.remove}
          </button>
          <button type="button" class="button" onClick={() => (removing.value = false)}>
            {texts.documents.keep}
          </button>
        </div>
      )}
      <p class="bad" role="alert">
        {problem.value}
      </p>
      {state && (
        <div class="troubles">
          <Troubles source={state} />
        </div>
      )}
    </>
  )
}

const Nothing = () => (
  <div class="nothing">
    <p>{texts.documents.none}</p>
    <pre>
      <code>{texts.documents.command}</code>
    </pre>
  </div>
)
