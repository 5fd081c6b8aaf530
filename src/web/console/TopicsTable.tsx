/** The topics: what came in, how much is kept, and how far their readers are. */
import { lagging, perBar } from "./ActorsTable.tsx"
import type { History, Topic } from "./api.ts"
import { highestOf, Spark } from "./Spark.tsx"
import { number, texts } from "./texts.ts"
import { span } from "./Times.ts"

interface Props {
  readonly topics: ReadonlyArray<Topic>
  readonly history: History | undefined
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

const isDeadLetters = ({ name }: Topic): boolean => name.endsWith(".dlq")

export const TopicsTable = ({ topics, history }: Props) => {
  const shown = topics.filter((topic) => !isDeadLetters(topic))
  const series = history ? shown.map(({ name }) => history.topics[name] ?? []) : []
  const highest = history ? highestOf(series, perBar(history)) : 1
  return (
    <section>
      <h2 id="topics">{texts.machine.topics}</h2>
      <table class="topics" aria-labelledby="topics">
        <thead>
          <tr>
            <th scope="col">{texts.machine.topic}</th>
            <th scope="col" class="chart">
              {texts.machine.lastHour}
            </th>
            <th scope="col" class="number partitions">
              {texts.machine.partitions}
            </th>
            <th scope="col" class="number end">
              {texts.machine.appended}
            </th>
            <th scope="col" class="number">
              {texts.machine.depth}
            </th>
            <th scope="col" class="number">
              {texts.machine.lag}
            </th>
            <th scope="col" class="number kept">
              {texts.machine.kept}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((topic) => (
            <Row key={topic.name} topic={topic} history={history} highest={highest} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface RowProps {
  readonly topic: Topic
  readonly history: History | undefined
  readonly highest: number
}

const Row = ({ topic, history, highest }: RowProps) => {
  const ends = sum(topic.partitions.map(({ end }) => end))
  const depth = sum(topic.partitions.map(({ start, end }) => end - start))
  const lag = sum(topic.groups.map(({ lag }) => lag))
  return (
    <tr>
      <th scope="row">{topic.name}</th>
      <td class="chart">
        {history && <Spark series={history.topics[topic.name] ?? []} per={perBar(history)} highest={highest} />}
      </td>
      <td class="number partitions">{number(topic.partitions.length)}</td>
      <td class="number end">{number(ends)}</td>
      <td class={depth === 0 ? "number zero" : "number"}>{number(depth)}</td>
      <td class={lag === 0 ? "number zero" : lag > lagging ? "number warn" : "number"}>{number(lag)}</td>
      <td class="number kept">{topic.retentionMs === null ? texts.machine.forEver : span(topic.retentionMs)}</td>
    </tr>
  )
}
