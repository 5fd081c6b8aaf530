/** A channel: what was said, and where one writes. */
import { Composer } from "./Composer.tsx"
import { Icon } from "./Icon.tsx"
import { wayOf } from "./MessageActions.tsx"
import { MessageList } from "./MessageList.tsx"
import { Notice } from "./Notice.tsx"
import { chatAddress } from "./Route.ts"
import { channel, channelId, channels, followed, roomOf } from "./state.ts"
import { texts } from "./texts.ts"
import { TopBar } from "./TopBar.tsx"
import { follow } from "./WayPanel.tsx"

export const ChatView = () => {
  const shown = channel.value
  const id = channelId.value
  if (!shown || id === undefined)
    return (
      <main class="view">
        <TopBar title={texts.bot} />
        <div class="log-frame">
          <p class="nothing">{channels.value.length === 0 ? texts.chat.loading : texts.chat.unknown}</p>
        </div>
        <div class="composer">
          <Notice />
        </div>
      </main>
    )
  const parent = channels.value.find((one) => one.id === shown.thread?.parentId)
  return (
    <main class="view">
      <TopBar
        title={parent ? `# ${parent.name} › ${shown.name}` : `# ${shown.name}`}
        topic={parent ? undefined : texts.chat.topic}
      >
        {parent && (
          <a class="back" href={chatAddress(parent.id, shown.thread!.messageId)}>
            {texts.chat.toRoot}
          </a>
        )}
        <WayButton channelId={id} />
      </TopBar>
      <MessageList key={id} room={roomOf(id)} />
      <Composer channel={shown} />
    </main>
  )
}

/** Of the newest message; with the panel open, what is said next is followed. */
const WayButton = ({ channelId }: { readonly channelId: string }) => {
  const newest = roomOf(channelId).messages.value.at(-1)
  if (!newest) return null
  const isOpen = followed.value !== undefined
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={texts.way.title}
      title={texts.way.title}
      aria-expanded={isOpen}
      onClick={() => (isOpen ? (followed.value = undefined) : follow(wayOf(newest)))}
    >
      <Icon name="way" />
    </button>
  )
}
