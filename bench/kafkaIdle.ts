/**
 * Members of the bare client, each of a group of its own, that wait for records of a topic:
 * `node kafkaIdle.ts SERVERS TOPIC MEMBERS SECONDS`. Prints how much of a core they take meanwhile, in percent.
 */
import { Consumer } from "@platformatic/kafka"
import { setTimeout as wait } from "node:timers/promises"

const [servers = "", topic = "", members = "1", seconds = "10"] = process.argv.slice(2)

for (let i = 0; i < Number(members); i++) {
  const consumer = new Consumer({
    clientId: "idle",
    bootstrapBrokers: servers.split(","),
    groupId: `${topic}-idle-${i}`,
    autocommit: false,
    isolationLevel: 1,
    sessionTimeout: 6_000,
    heartbeatInterval: 1_000,
    maxWaitTime: 10_000
  })
  const stream = await consumer.consume({ topics: [topic], mode: "latest" })
  stream.resume()
}
await wait(10_000)
const before = process.cpuUsage()
await wait(Number(seconds) * 1_000)
const { system, user } = process.cpuUsage(before)
console.log(((system + user) / 1e4 / Number(seconds)).toFixed(2))
process.exit()
