/** Adds documents: files and folders dropped anywhere on the view or chosen, and websites by their address. */
import { signal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import * as api from "./api.ts"
import { type Found, fromDrop, fromPicker, documentOf, inParts, type LeftOut, sorted } from "./Drop.ts"
import { Icon } from "./Icon.tsx"
import { documentsVersion } from "./state.ts"
import { texts } from "./texts.ts"

interface Progress {
  readonly source: string
  readonly done: number
  readonly total: number
  readonly chunks: number
  readonly leftOut: ReadonlyArray<LeftOut>
  readonly problem: string | undefined
}

/** Goes on while another view is shown. */
const progress = signal<ReadonlyArray<Progress>>([])
const dragging = signal(false)

const note = (source: string, more: Partial<Progress>): void => {
  progress.value = progress.value.map((one) => (one.source === source ? { ...one, ...more } : one))
}

/** One source after the other, each in parts. */
const add = async (files: ReadonlyArray<Found>): Promise<void> => {
  const sources = sorted(files)
  progress.value = sources.map(({ found, leftOut, source }) => ({
    source,
    done: 0,
    total: found.length,
    chunks: 0,
    leftOut,
    problem: undefined
  }))
  for (const { found, source } of sources) await addSource(source, found)
  documentsVersion.value++
}

const addSource = async (source: string, found: ReadonlyArray<Found>): Promise<void> => {
  for (const part of inParts(found)) {
    const documents: Array<NonNullable<Awaited<ReturnType<typeof documentOf>>>> = []
    for (const one of part) {
      const document = await documentOf(one)
      if (document === undefined) leave(source, { path: one.path, reason: texts.drop.noText })
      else documents.push(document)
    }
    try {
      const { chunks, problems } = await api.ingest({ source, documents, removeMissing: false })
      const before = progress.value.find((one) => one.source === source)!
      note(source, { done: before.done + documents.length - problems.length, chunks: before.chunks + chunks })
      for (const problem of problems) leave(source, problem)
    } catch (error) {
      return note(source, { problem: api.asProblem(error).message })
    }
  }
}

const leave = (source: string, problem: LeftOut): void => {
  const before = progress.value.find((one) => one.source === source)
  if (before) note(source, { leftOut: [...before.leftOut, problem], total: before.total - 1 })
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false

/** Everywhere on the page, so that a browser never opens a file that missed its aim. */
const useDrop = (): void => {
  useEffect(() => {
    let inside = 0
    const count = (by: number) => (event: DragEvent) => {
      if (!hasFiles(event)) return
      inside = Math.max(0, inside + by)
      dragging.value = inside > 0
    }
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault()
    }
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      inside = 0
      dragging.value = false
      void fromDrop(event.dataTransfer!.items).then(add)
    }
    const listeners = { dragenter: count(1), dragleave: count(-1), dragover: over, drop } as const
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name as "drop", listener)
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name as "drop", listener)
    }
  }, [])
}

export const AddDocuments = () => {
  useDrop()
  return (
    <section class={dragging.value ? "add dragging" : "add"} aria-label={texts.drop.label}>
      <p>
        <Icon name="document" />
        {texts.drop.lead}
      </p>
      <div class="ways">
        <Picker label={texts.drop.chooseFolder} folder />
        <Picker label={texts.drop.chooseFiles} />
      </div>
      <Website />
      <div role="status">
        {progress.value.map((one) => (
          <Going key={one.source} progress={one} />
        ))}
      </div>
    </section>
  )
}

const Picker = ({ label, folder = false }: { readonly label: string; readonly folder?: boolean }) => {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (field.current) field.current.webkitdirectory = folder
  }, [])
  return (
    <>
      <button type="button" class="button" onClick={() => field.current?.click()}>
        {label}
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={(event) => {
          const { files } = event.currentTarget
          if (files && files.length > 0) void add(fromPicker(files))
        }}
      />
    </>
  )
}

/** Left out that are named; the rest is counted. */
const named = 5

const Going = ({ progress: { chunks, done, leftOut, problem, source, total } }: { readonly progress: Progress }) => (
  <div class="going">
    <p>
      <b>
        <bdi>{source}</bdi>
      </b>{" "}
      {problem === undefined ? (
        <span>{texts.drop.progress(done, total, chunks)}</span>
      ) : (
        <span class="bad">{texts.drop.failed(problem)}</span>
      )}
    </p>
    {done < total && problem === undefined && <progress max={total} value={done} aria-label={source} />}
    {leftOut.length > 0 && (
      <ul>
        {leftOut.slice(0, named).map(({ path, reason }) => (
          <li key={path}>
            <bdi>{path}</bdi> {reason}
          </li>
        ))}
        {leftOut.length > named && <li>{texts.sources.moreProblems(leftOut.length - named)}</li>}
      </ul>
    )}
  </div>
)

const websiteProblem = signal<string | undefined>(undefined)

const Website = () => {
  const field = useRef<HTMLInputElement>(null)
  const read = async () => {
    const address = field.current!.value.trim()
    if (address === "") return
    websiteProblem.value = undefined
    try {
      await api.addSource(address)
      field.current!.value = ""
      documentsVersion.value++
    } catch (error) {
      websiteProblem.value = api.asProblem(error).message
    }
  }
  return (
    <form
      class="website"
      onSubmit={(event) => {
        event.preventDefault()
        void read()
      }}
    >
      <label>
        <span>{texts.drop.website}</span>
        <input
          ref={field}
          type="url"
          placeholder="https://docs.example.com/guide/"
          autocomplete="off"
          aria-invalid={websiteProblem.value !== undefined}
          aria-describedby="website-problem"
        />
      </label>
      <button class="button">{texts.drop.read}</button>
      <p id="website-problem" class="bad" role="alert">
        {websiteProblem.value}
      </p>
    </form>
  )
}
