/** The left column: channels, what the bot knows, what is behind it, and who one is. */
import type { ComponentChildren } from "preact"
import { useSignal } from "@preact/signals"
import { Icon, type IconName } from "./Icon.tsx"
import { otherTheme } from "./Kept.ts"
import { NameForm } from "./NameForm.tsx"
import { NewChannel } from "./NewChannel.tsx"
import { chatAddress, documentsAddress, eventsAddress, machineAddress, route } from "./Route.ts"
import { channelId, drawerOpen, listed, status, unread } from "./state.ts"
import { number, texts } from "./texts.ts"

export const Rail = () => (
  <nav id="rail" class={drawerOpen.value ? "rail open" : "rail"} aria-label={texts.rail.label}>
    <div class="brand">
      <span class="bot-sign" aria-hidden="true">
        ¶
      </span>
      {texts.bot}
      <button
        type="button"
        class="icon-button"
        aria-label={texts.rail.theme}
        title={texts.rail.theme}
        onClick={otherTheme}
      >
        <Icon name="half" />
      </button>
    </div>
    <Channels />
    <h2>{texts.rail.knows}</h2>
    <ViewLink view="documents" icon="document" address={documentsAddress()} label={texts.rail.documents}>
      {status.value && <span class="count">{number(status.value.knowledge.documents)}</span>}
    </ViewLink>
    <h2>{texts.rail.behind}</h2>
    <ViewLink view="events" icon="bolt" address={eventsAddress()} label={texts.rail.events} />
    <ViewLink view="machine" icon="machine" address={machineAddress} label={texts.rail.machine}>
      <MachineTag />
    </ViewLink>
    <NameForm />
  </nav>
)

const Channels = () => {
  const adding = useSignal(false)
  const shown = route.value.view === "chat" ? channelId.value : undefined
  return (
    <>
      <h2>
        {texts.rail.channels}
        <button
          type="button"
          class="icon-button"
          aria-label={texts.rail.newChannel}
          title={texts.rail.newChannel}
          aria-expanded={adding.value}
          onClick={() => (adding.value = !adding.value)}
        >
          <Icon name="plus" />
        </button>
      </h2>
      {adding.value && <NewChannel close={() => (adding.value = false)} />}
      {listed.value.map(({ id, name, thread }) => {
        const news = unread.value.get(id) ?? 0
        return (
          <a
            key={id}
            href={chatAddress(id)}
            class={`${thread ? "thread " : ""}${news > 0 ? "unread" : ""}`}
            aria-current={id === shown ? "page" : undefined}
            onClick={() => (drawerOpen.value = false)}
          >
            <span class="hash" aria-hidden="true">
              {thread ? "↳" : "#"}
            </span>
            <bdi class="cut">{name}</bdi>
            {news > 0 && (
              <span class="news" aria-label={texts.rail.unread(news)}>
                {number(news)}
              </span>
            )}
          </a>
        )
      })}
    </>
  )
}

interface ViewLinkProps {
  readonly view: "documents" | "events" | "machine"
  readonly icon: IconName
  readonly address: string
  readonly label: string
  readonly children?: ComponentChildren
}

const ViewLink = ({ view, icon, address, label, children }: ViewLinkProps) => (
  <a
    href={address}
    aria-current={route.value.view === view ? "page" : undefined}
    onClick={() => (drawerOpen.value = false)}
  >
    <Icon name={icon} />
    {label}
    {children}
  </a>
)

/** Only what somebody should look at. */
const MachineTag = () => {
  const down = status.value?.parts.filter(({ up }) => !up).length ?? 0
  if (down > 0) return <span class="tag bad">{texts.rail.down(down)}</span>
  return status.value?.ready === false ? <span class="tag warn">{texts.rail.starting}</span> : null
}
