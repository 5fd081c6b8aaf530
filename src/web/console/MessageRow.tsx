/** One message: who, when, what, and what can be done with it. */
import { useComputed, useSignal } from "@preact/signals"
import type { LocalMessage } from "../../domain/Happening.ts"
import { ask, asksTheBot } from "./actions.ts"
import { AnswerBody } from "./AnswerBody.tsx"
import { Avatar } from "./Avatar.tsx"
import { ConfirmRemoval } from "./ConfirmRemoval.tsx"
import { EmbedView } from "./EmbedView.tsx"
import { EditForm } from "./EditForm.tsx"
import { focusMessage } from "./Focus.ts"
import { Icon } from "./Icon.tsx"
import { me } from "./Kept.ts"
import { memo } from "./Memo.tsx"
import { MessageActions, wayOf } from "./MessageActions.tsx"
import { Opinions } from "./Opinions.tsx"
import { Prose } from "./Prose.tsx"
import { Reactions } from "./Reactions.tsx"
import { chatAddress } from "./Route.ts"
import { editing, followed as followedWay, isWorking, lookOf, removing, sought, threads } from "./state.ts"
import { texts } from "./texts.ts"
import { clockTime, wholeTime } from "./Times.ts"
import { follow } from "./WayPanel.tsx"

interface Props {
  readonly message: LocalMessage
  /** The message it replies to, where it is known. */
  readonly replied: LocalMessage | undefined
  /** A reply is drawn as one only when another message stands between. */
  readonly showsReply: boolean
  /** Goes on where the same person left off. */
  readonly goesOn: boolean
  /** The next message goes on from this one. */
  readonly followed: boolean
  readonly newest: boolean
}

export const MessageRow = memo(({ message, replied, showsReply, goesOn, followed, newest }: Props) => {
  const active = useSignal(false)
  const isEditing = useComputed(() => editing.value === message.id)
  const isRemoving = useComputed(() => removing.value === message.id)
  const isFollowed = useComputed(() => followedWay.value === wayOf(message))
  const isMine = message.author.id === me.value.id
  const time = clockTime(message.createdAt)
  const classes = {
    message: true,
    answer: message.answer !== undefined,
    reply: showsReply,
    "goes-on": goesOn,
    followed,
    "on-its-way": isFollowed.value,
    active: active.value
  }
  return (
    <article
      class={classNames(classes)}
      data-message={message.id}
      tabIndex={-1}
      aria-label={texts.chat.by(message.author.name, time)}
      onPointerEnter={(event) => event.pointerType === "mouse" && (active.value = true)}
      onPointerLeave={(event) => {
        if (!event.currentTarget.contains(document.activeElement)) active.value = false
      }}
      onFocusIn={() => (active.value = true)}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) active.value = false
      }}
    >
      {showsReply && <ReplyLine replied={replied} />}
      {goesOn ? <time class="margin-time">{time}</time> : <Avatar author={message.author} />}
      {!goesOn && <Head message={message} time={time} />}
      <div class="body">
        {isEditing.value ? <EditForm message={message} /> : <Said message={message} replied={replied} />}
        {message.answer && <Opinions message={message} />}
        <Reactions message={message} />
        <ThreadLink message={message} />
        {isRemoving.value && <ConfirmRemoval message={message} />}
        {newest && isMine && !isEditing.value && !isRemoving.value && <MeantForTheManual message={message} />}
      </div>
      {active.value && !isEditing.value && <MessageActions message={message} isMine={isMine} />}
    </article>
  )
})

const classNames = (classes: Readonly<Record<string, boolean>>): string =>
  Object.keys(classes)
    .filter((name) => classes[name])
    .join(" ")

const Head = ({ message, time }: { readonly message: LocalMessage; readonly time: string }) => {
  const { answer } = message
  return (
    <header class="who">
      <b>
        <bdi>{message.author.name}</bdi>
      </b>
      {answer && <span class={`tag ${lookOf(answer)}`}>{texts.answer.tags[lookOf(answer)]}</span>}
      <time dateTime={new Date(message.createdAt).toISOString()} title={wholeTime(message.createdAt)}>
        {time}
      </time>
      {answer && <Took message={message} timing={answer.timing} />}
    </header>
  )
}

interface TookProps {
  readonly message: LocalMessage
  readonly timing: NonNullable<LocalMessage["answer"]>["timing"]
}

const Took = ({ message, timing }: TookProps) => (
  <button
    type="button"
    class="took"
    title={texts.answer.steps(timing.queuedMs, timing.retrieveMs, timing.writeMs)}
    onClick={() => follow(wayOf(message))}
  >
    {texts.answer.seconds(timing.queuedMs + timing.retrieveMs + timing.writeMs)}
    <span>, {texts.way.seeIts}</span>
  </button>
)

const ThreadLink = ({ message }: { readonly message: LocalMessage }) => {
  const thread = threads.value.get(message.id)
  if (!thread) return null
  return (
    <a class="thread-link" href={chatAddress(thread.id)}>
      <Icon name="thread" />
      {texts.chat.toThread}
    </a>
  )
}

const Said = ({ message, replied }: Pick<Props, "message" | "replied">) => (
  <>
    {message.answer ? (
      <AnswerBody message={message} answer={message.answer} question={replied} />
    ) : message.embeds ? (
      message.embeds.map((embed, index) => <EmbedView key={index} embed={embed} />)
    ) : (
      <Prose source={message.text} breaks />
    )}
    {message.editedAt > message.createdAt && (
      <span class="edited" title={wholeTime(message.editedAt)}>
        {texts.chat.edited(clockTime(message.editedAt))}
      </span>
    )}
  </>
)

const ReplyLine = ({ replied }: { readonly replied: LocalMessage | undefined }) => (
  <div class="reply-line">
    <span class="unseen">{texts.chat.inReplyTo} </span>
    {replied ? (
      <button type="button" onClick={() => focusMessage(replied.id) || (sought.value = replied.id)}>
        <b>
          <bdi>{replied.author.name}</bdi>
        </b>{" "}
        <bdi>{replied.text.slice(0, 200)}</bdi>
      </button>
    ) : (
      <span>{texts.chat.earlier}</span>
    )}
  </div>
)

/** A newcomer's question that named nobody can still be put to the manual. */
const MeantForTheManual = ({ message }: { readonly message: LocalMessage }) => {
  const looksLikeQuestion = /\?\s*$/.test(message.text) && !asksTheBot(message.text)
  if (!looksLikeQuestion || isWorking(message.channelId)) return null
  return (
    <button type="button" class="button suggestion" onClick={() => ask(message.channelId, message.text)}>
      <span class="bot-sign small" aria-hidden="true">
        ¶
      </span>
      {texts.chat.askThis}
    </button>
  )
}
