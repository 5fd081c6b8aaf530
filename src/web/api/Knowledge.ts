/** Documentation: add it, read it, search it. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { about, described, number } from "./Describe.ts"
import { bodyProblems, Id, Millis, problems, Text, whole } from "./Fields.ts"

export const IngestReport = described(
  "IngestReport",
  "What an ingest changed",
  Schema.Struct({
    source: Schema.String,
    added: Schema.Int,
    changed: Schema.Int,
    removed: Schema.Int,
    unchanged: Schema.Int,
    chunks: Schema.Int,
    problems: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
  }),
  { chunks: "Sections that were sent to be indexed", problems: "Documents that were left out, and why" }
)

export const SourceInfo = described(
  "Source",
  "Documents that came from one place",
  Schema.Struct({
    source: Schema.String,
    refreshedAt: Millis,
    documents: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        path: Schema.String,
        title: Schema.String,
        chunks: Schema.Int,
        ingestedAt: Millis
      })
    )
  })
)

export const ReadingInfo = described(
  "Reading",
  "How far the reading of a source is, or how it ended",
  Schema.Struct({
    state: Schema.Literals(["waiting", "reading", "done", "failed"]),
    done: Schema.Int,
    total: Schema.Int,
    report: Schema.NullOr(IngestReport),
    error: Schema.NullOr(Schema.String)
  }),
  { done: "Pages or files, of `total`", error: "Why nothing could be read" }
)

export const SourceState = described(
  "SourceState",
  "Where documents came from, and how they are read again",
  Schema.Struct({
    source: Schema.String,
    kind: Schema.NullOr(Schema.Literals(["folder", "files", "website"])),
    origin: Schema.NullOr(Schema.String),
    documents: Schema.Int,
    refreshedAt: Schema.NullOr(Millis),
    problems: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String })),
    reading: Schema.NullOr(ReadingInfo)
  }),
  {
    kind: "`null` for what a program sent, which is not read again",
    origin: "The folder, or the address of the website",
    refreshedAt: "When it was last read, changed or not; `null` while it is read for the first time",
    problems: "What was left out when it was last read",
    reading: "The last reading since the process started"
  }
)

const ReadingStarted = described(
  "ReadingStarted",
  "A source that is about to be read",
  Schema.Struct({ source: Schema.String, reading: ReadingInfo }),
  { source: "Its name in the list of sources" }
).pipe(HttpApiSchema.status(202))

const source = { source: Id }
const sourceParameter = { source: { description: "Its name, with its slashes escaped" } }

const Section = described(
  "Section",
  "A section of a document",
  Schema.Struct({ id: Schema.String, title: Schema.String, text: Schema.String, url: Schema.String }),
  { title: "Headings from the outermost to the section's own", text: "Markdown" }
)

const Found = described(
  "Found",
  "A section of a document or a stretch of chat that fits a query",
  Schema.Struct({
    chunkId: Schema.String,
    kind: Schema.Literals(["document", "chat"]),
    title: Schema.String,
    text: Schema.String,
    url: Schema.String,
    score: Schema.Finite,
    signals: Schema.Record(Schema.String, Schema.Finite)
  }),
  { signals: "What the score is made of" }
)

export class KnowledgeApi extends HttpApiGroup.make("knowledge")
  .add(
    HttpApiEndpoint.get("documents", "/documents", {
      success: Schema.Array(SourceInfo),
      error: problems
    }).annotateMerge(about("List the documentation", "Every source with its documents.")),
    HttpApiEndpoint.get("document", "/documents/:id", {
      params: { id: Id },
      success: Schema.Struct({ id: Schema.String, title: Schema.String, sections: Schema.Array(Section) }),
      error: problems
    }).annotateMerge(
      about("Read a document", "Its sections in order, as they are indexed.", {
        id: { description: "Source and path, such as `handbook/start.md`, with its slashes escaped" }
      })
    ),
    HttpApiEndpoint.post("ingest", "/documents", {
      payload: described(
        "Ingest",
        "Documents of one source",
        Schema.Struct({
          source: Schema.String.check(
            Schema.isPattern(/^[\p{L}\p{N}./~_-][^\p{C}]{0,499}$/u, {
              message: "Expected a name, folder or address of at most 500 characters"
            })
          ),
          origin: Schema.optionalKey(Id),
          kind: Schema.optionalKey(Schema.Literals(["folder", "files"])),
          documents: Schema.Array(
            Schema.Struct({
              path: Id,
              text: Schema.optionalKey(Schema.String),
              bytes: Schema.optionalKey(Schema.Uint8ArrayFromBase64),
              format: Schema.optionalKey(Schema.Literals(["markdown", "text"])),
              title: Schema.optionalKey(Schema.String),
              url: Schema.optionalKey(Schema.String)
            })
          ),
          removeMissing: Schema.Boolean,
          present: Schema.optionalKey(Schema.Array(Id)),
          problems: Schema.optionalKey(Schema.Array(Schema.Struct({ path: Id, reason: Schema.String }))),
          baseUrl: Schema.optionalKey(Schema.String)
        }),
        {
          source: "The folder, file or site they come from",
          origin: "Where the source is; the same name from elsewhere is refused, as it would replace what is there",
          kind: "Whether `origin` is read again as a folder, or only the files of it that are given; for `rtfm ingest` alone",
          documents:
            "Markdown as `text`, or any document as its `bytes` in Base64 (HTML, PDF, OpenAPI, as its path ends), with its path below the source; `url` is where readers find it",
          removeMissing: "Documents of the source that are neither in the list nor present leave the index",
          present: "Paths that are there, too: a large source is sent in parts, and the last part names all",
          problems: "What was left out of the whole source and why, to be listed with it; the last part names it",
          baseUrl: "Where readers find the documents; links go there"
        }
      ).annotate({
        examples: [
          {
            source: "handbook",
            documents: [{ path: "start.md", text: "# Start\n\nPress the button." }],
            removeMissing: false
          }
        ]
      }),
      success: IngestReport,
      error: bodyProblems
    }).annotateMerge(about("Add documentation", "What did not change does no work. The body may have up to 32 MiB.")),
    HttpApiEndpoint.get("sources", "/sources", {
      success: Schema.Array(SourceState),
      error: problems
    }).annotateMerge(
      about("List the sources", "Folders, websites and what programs sent, with how their reading goes.")
    ),
    HttpApiEndpoint.post("addSource", "/sources", {
      payload: described(
        "NewSource",
        "A website to read",
        Schema.Struct({
          address: Schema.String.check(
            Schema.isPattern(/^https?:\/\/\S{1,1990}$/i, { message: "Expected an address that begins with https://" })
          ),
          name: Schema.optionalKey(Id)
        }),
        {
          address: "All pages below an address that ends with `/`; a sitemap; an `llms.txt`; or one page",
          name: "What the source is called; its host and path when absent"
        }
      ).annotate({ examples: [{ address: "https://docs.example.com/guide/" }] }),
      success: ReadingStarted,
      error: bodyProblems
    }).annotateMerge(about("Read a website", "Begins to read it and returns; the list of sources says how it goes.")),
    HttpApiEndpoint.post("refreshSource", "/sources/:source/refresh", {
      params: source,
      success: ReadingStarted,
      error: problems
    }).annotateMerge(
      about("Read a source again", "Begins to, and returns. What did not change does no work.", sourceParameter)
    ),
    HttpApiEndpoint.delete("removeSource", "/sources/:source", {
      params: source,
      success: IngestReport,
      error: problems
    }).annotateMerge(about("Remove a source", "All of its documents leave what is known.", sourceParameter)),
    HttpApiEndpoint.get("search", "/search", {
      query: {
        q: Text,
        channelId: Schema.optionalKey(Id),
        limit: whole(1, 50)
      },
      success: described(
        "SearchResult",
        "What was found, best first",
        Schema.Struct({
          grounds: Schema.Struct({ score: Schema.Finite, threshold: Schema.Finite, enough: Schema.Boolean }),
          vectors: Schema.Boolean,
          found: Schema.Array(Found)
        }),
        {
          grounds: "Whether there is enough to answer from: `score` above `threshold`",
          vectors: "False when text search stood alone"
        }
      ),
      error: problems
    }).annotateMerge(
      about("Search", "The passages an answer would be written from.", {
        q: { description: "What to look for" },
        channelId: {
          description: "Search as if asked in this channel of the local chat; `local:general` when absent"
        },
        limit: number(1, 50, "At most so many; 10 when absent")
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Knowledge", description: "Documentation: add it, read it, search it." })
  ) {}
