/** What was read: the documents of each source. */
import type { Source } from "./api.ts"
import * as api from "./api.ts"
import { Icon } from "./Icon.tsx"
import { useLoaded } from "./Loaded.ts"
import { Notice } from "./Notice.tsx"
import { documentsAddress } from "./Route.ts"
import { connection, documentsVersion } from "./state.ts"
import { texts } from "./texts.ts"
import { wholeTime } from "./Times.ts"
import { TopBar } from "./TopBar.tsx"

export const DocumentsView = () => {
  const sources = useLoaded(api.documents, [documentsVersion.value, connection.value.state])
  return (
    <main class="view">
      <TopBar title={texts.documents.title} topic={texts.documents.topic} />
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.documents.title}>
        <div class="sheet narrow">
          {sources.state === "loading" && <p class="quiet">{texts.documents.loading}</p>}
          {sources.state === "failed" && <p class="quiet">{texts.documents.failed}</p>}
          {sources.state === "ready" && <Sources sources={sources.value} />}
        </div>
      </div>
      <div class="composer bare">
        <Notice />
      </div>
    </main>
  )
}

const Sources = ({ sources }: { readonly sources: ReadonlyArray<Source> }) => {
  if (!sources.some(({ documents }) => documents.length > 0)) return <Nothing />
  return (
    <>
      {sources.map((source) => (
        <section key={source.source} class="source">
          <h2>
            <bdi>{source.source}</bdi>
            <span>
              {texts.documents.count(source.documents.length)},{" "}
              {texts.documents.refreshed(wholeTime(source.refreshedAt))}
            </span>
          </h2>
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

const Nothing = () => (
  <div class="nothing">
    <p>{texts.documents.none}</p>
    <pre>
      <code>{texts.documents.command}</code>
    </pre>
  </div>
)
