/** Which partition a key belongs to: Kafka's default rule, so that every broker agrees. Pure. */

const multiplier = 0x5bd1e995

/** Kafka's 32-bit MurmurHash2, as a signed integer. */
export const murmur2 = (bytes: Uint8Array): number => {
  const words = bytes.length >> 2
  let hash = 0x9747b28c ^ bytes.length
  for (let i = 0; i < words * 4; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    word = Math.imul(word, multiplier)
    word = Math.imul(word ^ (word >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  const rest = bytes.length & 3
  if (rest === 3) hash ^= bytes[words * 4 + 2]! << 16
  if (rest >= 2) hash ^= bytes[words * 4 + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[words * 4]!, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** From 0 to `partitions - 1`. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
