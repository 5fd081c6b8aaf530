/** A website's pages as its sitemap or `llms.txt` lists them, read one by one, as politely as its robots.txt asks. */
import { Config, Context, Duration, Effect, Layer, Schema, Stream } from "effect"
import * as Setting from "../../runtime/Setting.ts"
import type { DocFile, DocProblem } from "../DocSource.ts"
import { Converter } from "../formats/Converter.ts"
import * as Formats from "../formats/Formats.ts"
import { Fetcher, type FetchError, type Page, type Validators } from "./Fetcher.ts"
import * as Sitemap from "./Sitemap.ts"

export const mostPages = Setting.withDefault("INGEST_MAX_PAGES", {
  description: "Pages read of one website at most",
  expected: "a number from 1 to 100000",
  config: (name) =>
    Config.schema(
      Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100_000 })),
      name
    ),
  fallback: "1000",
  value: 1_000
})

export class WebsiteError extends Schema.TaggedError<WebsiteError>()("WebsiteError", {
  /** `invalid`: no address of the web; `refused`: it is not to be read; `away`: it does not answer now. */
  reason: Schema.Literals(["invalid", "refused", "away"]),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** What became of one page. */
export type Outcome =
  | { readonly type: "read"; readonly file: DocFile; readonly validators: Validators }
  | { readonly type: "unchanged"; readonly path: string }
  /** What was ingested of it before stays. */
  | { readonly type: "problem"; readonly problem: DocProblem }
  /** It is no more, or is another page's second address. */
  | { readonly type: "gone"; readonly path: string }

export interface Site {
  /** Host and folder. */
  readonly source: string
  readonly origin: string
  readonly pages: number
  /** Every list of pages could be read, so a page that is not among them is gone. */
  readonly complete: boolean
  readonly outcomes: Stream.Stream<Outcome>
}

export class Website extends Context.Service<
  Website,
  {
    /**
     * Finds the pages of a site, and reads them when the stream is run: all below the address's folder when it ends
     * with `/`, those a sitemap or an `llms.txt` lists when it names one, else the page itself. Pages in `known` are
     * asked for only if they changed.
     */
    open(place: string, known: ReadonlyMap<string, Validators>): Effect.Effect<Site, WebsiteError>
  }
>()("rtfm/docs/site/Website") {}

export interface Politeness {
  /** Between two requests, if robots.txt asks for no more. */
  readonly pause: Duration.Duration
  readonly mostPages: number
}

/** The longest pause that a robots.txt or a busy server gets. */
const longestPause = Duration.seconds(30)
/** How often a page is asked for again when the server is busy. */
const attempts = 3
/** So many pages in a row without an answer, and the site is left alone. */
const silentAllowed = 5
const sitemapsRead = 50
const listBytes = 4 * 1024 * 1024
const robotsBytes = 512 * 1024
/** In all rules together: a page of 280 characters is matched against as many in 20 ms, in which nothing else is done. */
const robotsWildcards = 10_000

/** By which robots.txt speaks to this program. */
const robotName = "rtfm-bot"

/** Below the site, with nothing around it; a folder is called as it is. */
const pathOf = (url: URL, folder: string): string => {
  const below = url.pathname.startsWith(folder) ? url.pathname.slice(folder.length) : url.pathname
  const bare = below.replace(/^\/+|\/+$/g, "") || "index"
  try {
    return decodeURIComponent(bare) + url.search
  } catch {
    return bare + url.search
  }
}

/** The start of the names of all that is below an address. */
const folderOf = ({ pathname }: URL): string => pathname.slice(0, pathname.lastIndexOf("/") + 1)

const isFolder = ({ pathname }: URL): boolean => pathname.endsWith("/") || Formats.extensionOf(pathname) === ""
const isSitemap = ({ pathname }: URL): boolean => /\.xml(\.gz)?$/.test(pathname)
const isLlms = ({ pathname }: URL): boolean => pathname.endsWith("/llms.txt")

/** Each address once, as far as it is of this site and below the folder. */
const ownPages = (addresses: ReadonlyArray<string>, start: URL, folder: string): ReadonlyArray<URL> => {
  const pages = new Map<string, URL>()
  for (const address of addresses) {
    const url = URL.parse(address, start.href)
    if (url === null || url.host !== start.host || !`${url.pathname}/`.startsWith(folder)) continue
    url.hash = ""
    const path = pathOf(url, folder)
    if (!pages.has(path)) pages.set(path, url)
  }
  return [...pages.values()]
}

interface Lists {
  readonly pages: ReadonlyArray<string>
  readonly problems: ReadonlyArray<DocProblem>
}

interface Robots {
  readonly allowed: (url: string) => boolean
  readonly pause: Duration.Duration
  readonly sitemaps: ReadonlyArray<URL>
}

const lineOf = ({ path, reason }: DocProblem): string => `${path} ${reason}`

/** What a website is called without a name: host and path. */
export const nameOf = ({ host, pathname }: URL): string => `${host}${pathname.replace(/\/+$/, "")}`

const problemOf = (url: URL, reason: string): DocProblem => ({ path: url.href, reason })

/** The site has no such file, or shows it to nobody. */
const isMissing = ({ detail, reason }: FetchError): boolean =>
  reason === "gone" || (reason === "refused" && /\b4\d\d$/.test(detail))

export const layerWith = (politeness: Politeness) =>
  Layer.effect(
    Website,
    Effect.gen(function* () {
      const fetcher = yield* Fetcher
      const converter = yield* Converter

      const onlyHost = (start: URL) => (url: URL) => url.host === start.host
      const getText = (url: URL, largest: number) =>
        fetcher.get({ url: url.href, largest: () => largest, allows: onlyHost(url) })
      const pageOf = (got: Page | "unchanged") => (got === "unchanged" ? new Uint8Array() : got.bytes)

      /** What may be read, how slowly, and where the sitemaps are. A site without rules allows everything. */
      const robotsOf = Effect.fnUntraced(function* (start: URL) {
        const place = new URL("/robots.txt", start)
        const text = yield* getText(place, robotsBytes).pipe(
          Effect.map((got) => new TextDecoder().decode(pageOf(got))),
          Effect.catchIf(isMissing, () => Effect.succeed("")),
          Effect.mapError(({ detail, reason }) =>
            reason === "refused"
              ? new WebsiteError({ reason: "refused", detail: `${place.href} ${detail}` })
              : new WebsiteError({ reason: "away", detail: `${place.href} ${detail}, so nothing of the site is read` })
          )
        )
        if (text.split("*").length - 1 > robotsWildcards) {
          const detail = `${place.href} has more than ${robotsWildcards.toLocaleString("en")} wildcards, so nothing of the site is read`
          return yield* new WebsiteError({ reason: "away", detail })
        }
        const { default: parse } = yield* Effect.promise(() => import("robots-parser"))
        const robots = (parse as unknown as RobotsParser)(place.href, text)
        const delay = Duration.seconds(robots.getCrawlDelay(robotName) ?? 0)
        return {
          allowed: (url: string) => robots.isAllowed(url, robotName) ?? true,
          pause: Duration.min(longestPause, Duration.max(politeness.pause, delay)),
          sitemaps: robots.getSitemaps().flatMap((url) => URL.parse(url, place.href) ?? [])
        } satisfies Robots
      })

      /** What a list holds; nothing when the site has none there. Fails with what is wrong with one that should be there. */
      const listIn = <A>(url: URL, read: (bytes: Uint8Array) => Promise<A> | A, none: A) =>
        getText(url, listBytes).pipe(
          Effect.flatMap((got) =>
            Effect.tryPromise({
              try: async () => await read(pageOf(got)),
              catch: (cause) => problemOf(url, `cannot be read: ${cause instanceof Error ? cause.message : cause}`)
            })
          ),
          Effect.catchTag("FetchError", (error) =>
            isMissing(error) ? Effect.succeed(none) : Effect.fail(problemOf(url, error.detail))
          )
        )

      /** All pages of sitemaps and of the sitemaps that they list; one that cannot be read takes no other with it. */
      const inSitemaps = Effect.fnUntraced(function* (start: URL, first: ReadonlyArray<URL>, pause: Duration.Duration) {
        const pages: Array<string> = []
        const problems: Array<DocProblem> = []
        const seen = new Set<string>()
        const waiting = [...first]
        while (waiting.length > 0 && seen.size < sitemapsRead) {
          const url = waiting.shift()!
          if (url.host !== start.host || seen.has(url.href)) continue
          if (seen.size > 0) yield* Effect.sleep(pause)
          seen.add(url.href)
          const list = yield* Effect.result(listIn<Sitemap.Listed>(url, Sitemap.read, { pages: [], sitemaps: [] }))
          if (list._tag === "Failure") {
            problems.push(list.failure)
            continue
          }
          pages.push(...list.success.pages)
          waiting.push(...list.success.sitemaps.flatMap((each) => URL.parse(each, url.href) ?? []))
        }
        return { pages, problems }
      })

      const inLlms = (url: URL) =>
        listIn(url, (bytes) => Sitemap.linksOf(new TextDecoder().decode(bytes), url.href), []).pipe(
          Effect.match({
            onSuccess: (pages) => ({ pages, problems: [] }),
            onFailure: (problem) => ({ pages: [], problems: [problem] })
          })
        )

      /** The pages that are listed below the address, and what lists could not be read. */
      const pagesOf = Effect.fnUntraced(function* (start: URL, robots: Robots) {
        const within = (folder: string, { pages, problems }: Lists) => ({
          folder,
          pages: ownPages(pages, start, folder),
          problems
        })
        if (isSitemap(start)) return within("/", yield* inSitemaps(start, [start], robots.pause))
        if (isLlms(start)) return within("/", yield* inLlms(start))
        const single = { folder: folderOf(start), pages: [start] }
        if (!isFolder(start)) return { ...single, problems: [] }
        const folder = start.pathname.endsWith("/") ? start.pathname : `${start.pathname}/`
        const sitemaps = [...robots.sitemaps, new URL(`${folder}sitemap.xml`, start), new URL("/sitemap.xml", start)]
        const problems: Array<DocProblem> = []
        const places = [
          inSitemaps(start, sitemaps, robots.pause),
          inLlms(new URL(`${folder}llms.txt`, start)),
          inLlms(new URL("/llms.txt", start))
        ]
        for (const place of places) {
          const found = within(folder, yield* place)
          problems.push(...found.problems)
          if (found.pages.length > 0) return { ...found, problems }
        }
        return { ...single, problems }
      })

      const sizeOf = (contentType: string | undefined, path: string) => Formats.byType(contentType, path)?.largest

      const fetchPatiently = (url: URL, known: Validators | undefined) =>
        fetcher
          .get({
            url: url.href,
            accept: "text/markdown, text/html, application/pdf, text/plain, application/json, application/yaml;q=0.9",
            known,
            largest: sizeOf,
            allows: onlyHost(url)
          })
          .pipe(
            Effect.tapError(({ reason, retryAfter = 1_000 }) =>
              reason === "busy" ? Effect.sleep(Duration.min(longestPause, Duration.millis(retryAfter))) : Effect.void
            ),
            Effect.retry({ times: attempts - 1, while: ({ reason }) => reason === "busy" })
          )

      const readPage = Effect.fnUntraced(function* (
        url: URL,
        path: string,
        known: Validators | undefined,
        listed: ReadonlySet<string>
      ) {
        const problem = (reason: string): Outcome => ({ type: "problem", problem: { path, reason } })
        const got = yield* fetchPatiently(url, known)
        if (got === "unchanged") return { type: "unchanged", path } satisfies Outcome
        if (got.unwanted) return problem("asks not to be indexed (X-Robots-Tag)")
        const format = Formats.byType(got.contentType, new URL(got.url).pathname)!
        const converted = yield* Effect.result(
          converter.convert({
            kind: format.kind,
            bytes: got.bytes,
            url: got.url,
            ...(got.contentType !== undefined && { contentType: got.contentType })
          })
        )
        if (converted._tag === "Failure") return problem(converted.failure.detail)
        const { canonical = got.url, text, title } = converted.success
        if (canonical !== url.href && listed.has(canonical)) return { type: "gone", path } satisfies Outcome
        const file: DocFile = {
          path,
          text,
          url: got.url,
          format: format.kind === "text" ? "text" : "markdown",
          ...(title !== undefined && { title })
        }
        return { type: "read", file, validators: got } satisfies Outcome
      })

      const outcomeOf = (path: string, { detail, reason }: FetchError): Outcome =>
        reason === "gone" ? { type: "gone", path } : { type: "problem", problem: { path, reason: detail } }

      const outcomesOf = (
        pages: ReadonlyArray<URL>,
        folder: string,
        robots: Robots,
        known: ReadonlyMap<string, Validators>
      ): Stream.Stream<Outcome> => {
        const listed = new Set(pages.map(({ href }) => href))
        let silent = 0
        let asked = false
        const one = Effect.fnUntraced(function* (url: URL) {
          const path = pathOf(url, folder)
          const left = (reason: string): Outcome => ({ type: "problem", problem: { path, reason } })
          if (!robots.allowed(url.href)) return left("is not to be read, says robots.txt")
          if (silent >= silentAllowed) return left("was not tried, because the site does not answer")
          if (asked) yield* Effect.sleep(robots.pause)
          asked = true
          const result = yield* Effect.result(readPage(url, path, known.get(path), listed))
          silent = result._tag === "Failure" && result.failure.reason === "away" ? silent + 1 : 0
          return result._tag === "Failure" ? outcomeOf(path, result.failure) : result.success
        })
        return Stream.mapEffect(Stream.fromIterable(pages), one)
      }

      const open = Effect.fn("Website.open")(function* (place: string, known: ReadonlyMap<string, Validators>) {
        const start = URL.parse(place)
        if (start === null || !/^https?:$/.test(start.protocol) || start.username !== "" || start.password !== "") {
          const detail = "Expected the address of a website, such as https://docs.example.com/guide/"
          return yield* new WebsiteError({ reason: "invalid", detail })
        }
        start.hash = ""
        const robots = yield* robotsOf(start)
        const { folder, pages, problems } = yield* pagesOf(start, robots)
        if (pages.length === 0) {
          const [problem] = problems
          const detail = problem === undefined ? `${start.href} lists no page of ${start.host}` : lineOf(problem)
          return yield* new WebsiteError({ reason: problem === undefined ? "refused" : "away", detail })
        }
        const taken = pages.slice(0, politeness.mostPages)
        const left = pages.length - taken.length
        const over: ReadonlyArray<DocProblem> =
          left === 0
            ? []
            : [{ path: `${left} more pages`, reason: `were left out: INGEST_MAX_PAGES is ${politeness.mostPages}` }]
        return {
          source: nameOf(start),
          origin: start.href,
          pages: taken.length,
          complete: problems.length === 0,
          outcomes: Stream.concat(
            outcomesOf(taken, folder, robots, known),
            Stream.fromIterable([...over, ...problems].map((problem): Outcome => ({ type: "problem", problem })))
          )
        } satisfies Site
      })
      return Website.of({ open })
    })
  )

/** The library's own types name it as no module. */
type RobotsParser = (
  url: string,
  text: string
) => {
  isAllowed(url: string, name: string): boolean | undefined
  getCrawlDelay(name: string): number | undefined
  getSitemaps(): ReadonlyArray<string>
}

export const layer = Layer.unwrap(
  Effect.map(mostPages.config, (mostPages) => layerWith({ pause: Duration.millis(250), mostPages }))
)

export const isPlace = (place: string): boolean => /^https?:\/\//i.test(place)
