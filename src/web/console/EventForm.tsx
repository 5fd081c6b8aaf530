/** A form for a kind of event, made from its schema; the server says what is wrong, and where. */
import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { newKey } from "./actions.ts"
import * as api from "./api.ts"
import { dataOf, type Field, fieldsOf, keyOf, problemsOf, type Typed, typedOf } from "./EventSchema.ts"
import { eventsAddress, go } from "./Route.ts"
import { eventsVersion } from "./state.ts"
import { texts } from "./texts.ts"

export const EventForm = ({ kind }: { readonly kind: api.EventKind }) => {
  const fields = fieldsOf(kind.schema)
  const form = useRef<HTMLFormElement>(null)
  const typed = useSignal<Typed>({})
  const problems = useSignal<Typed>({})
  const said = useSignal<{ readonly text: string; readonly bad: boolean } | undefined>(undefined)
  // What failed on the way is sent again as the same event.
  const key = useRef(newKey())
  const { send } = texts.events.forms[kind.type] ?? { send: texts.events.send }

  const publish = async () => {
    said.value = undefined
    try {
      const { id } = await api.publish(kind.type, dataOf(fields, typed.peek()), key.current)
      key.current = newKey()
      typed.value = {}
      problems.value = {}
      said.value = { text: texts.events.published, bad: false }
      eventsVersion.value++
      go(eventsAddress(id))
    } catch (error) {
      const problem = api.asProblem(error)
      problems.value = problemsOf(fields, typed.peek(), problem.errors, texts.events.needed)
      const wrong = Object.keys(problems.value).length
      said.value = { text: wrong > 0 ? texts.events.wrong(wrong) : texts.events.failed(problem.message), bad: true }
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
    }
  }
  return (
    <form
      ref={form}
      class="event-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void publish()
      }}
    >
      <div class="fields">
        {fields.map((field) => (
          <Input
            key={keyOf(field)}
            id={`${kind.type}-${keyOf(field)}`}
            field={field}
            text={typed.value[keyOf(field)] ?? ""}
            problem={problems.value[keyOf(field)]}
            onText={(text) => (typed.value = { ...typed.peek(), [keyOf(field)]: text })}
          />
        ))}
      </div>
      <p role="status" class={said.value?.bad === true ? "bad" : "ok"}>
        {said.value?.text}
      </p>
      <p class="buttons">
        <button class="button first">{send}</button>
        <button
          type="button"
          class="button"
          onClick={() => {
            typed.value = typedOf(fields, kind.sample)
            problems.value = {}
          }}
        >
          {texts.events.sample}
        </button>
      </p>
    </form>
  )
}

interface InputProps {
  readonly id: string
  readonly field: Field
  readonly text: string
  readonly problem: string | undefined
  readonly onText: (text: string) => void
}

const Input = ({ id, field, text, problem, onText }: InputProps) => {
  const { label, most, required, type } = field
  const isLong = type === "long" || type === "list"
  const hint = [!required && texts.events.optional, type === "list" && texts.events.each].filter(Boolean).join(", ")
  const given = {
    id,
    value: text,
    maxLength: most,
    "aria-required": required,
    "aria-invalid": problem !== undefined,
    "aria-describedby": `${id}-problem`,
    autocomplete: "off"
  }
  return (
    <div class={isLong ? "wide" : ""}>
      <label for={id}>
        {label}
        {hint !== "" && <small> {hint}</small>}
      </label>
      {isLong ? (
        <textarea {...given} rows={3} dir="auto" onInput={(event) => onText(event.currentTarget.value)} />
      ) : (
        <input
          {...given}
          dir="auto"
          inputMode={type === "number" ? "decimal" : undefined}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
      <p id={`${id}-problem`} class="bad">
        {problem}
      </p>
    </div>
  )
}
