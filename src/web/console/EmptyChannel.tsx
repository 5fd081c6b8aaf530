/** What a newcomer sees: what the bot is for, and questions that can be put with one press. */
import { ask } from "./actions.ts"
import { Icon } from "./Icon.tsx"
import { documentsAddress } from "./Route.ts"
import { isWorking, status } from "./state.ts"
import { texts } from "./texts.ts"

export const EmptyChannel = ({ channelId }: { readonly channelId: string }) => {
  if (isWorking(channelId)) return null
  return (
    <section class="empty">
      <span class="bot-sign large" aria-hidden="true">
        ¶
      </span>
      <h2>{texts.empty.title}</h2>
      <p>{texts.empty.lead}</p>
      <h3>{texts.empty.try}</h3>
      <ul>
        {texts.empty.examples.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => ask(channelId, example)}>
              {example}
              <Icon name="send" />
            </button>
          </li>
        ))}
      </ul>
      <Known />
    </section>
  )
}

const Known = () => {
  const knowledge = status.value?.knowledge
  if (!knowledge) return null
  return (
    <p class="known">
      {knowledge.documents === 0 ? (
        texts.empty.nothingRead
      ) : (
        <a href={documentsAddress()}>{texts.empty.read(knowledge.documents, knowledge.passages)}</a>
      )}
    </p>
  )
}
