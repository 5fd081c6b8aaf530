/** Every text of the page, and how times and numbers are written. */

export const locale = "en-GB"

const plural = (count: number, one: string, many: string): string => `${number(count)} ${count === 1 ? one : many}`

export const number = (value: number): string => value.toLocaleString(locale)

export const texts = {
  bot: "rtfm",
  skip: "Skip to the message box",
  close: "Close",
  cancel: "Cancel",
  save: "Save",

  rail: {
    label: "Channels and views",
    open: "Channels and views",
    theme: "Light or dark",
    channels: "Channels",
    newChannel: "New channel",
    channelName: "Name of the new channel",
    create: "Create",
    knows: "What the bot knows",
    documents: "Documents",
    behind: "Behind it",
    events: "Events",
    machine: "Machine",
    unread: (count: number) => plural(count, "new message", "new messages"),
    starting: "starting",
    down: (count: number) => `${count} down`,
    yourName: "Your name",
    changeName: "Change your name",
    wrongName: "A name is 1 to 40 letters, digits, spaces, dots, dashes or underscores, the first a letter or digit.",
    guest: (n: number) => `Guest ${n}`
  },

  tabs: { label: "Views", chat: "Chat", documents: "Documents", events: "Events", machine: "Machine" },

  chat: {
    topic: "Ask, and the answer quotes the manual and links to it.",
    log: (channel: string) => `Messages in ${channel}`,
    messages: "Messages",
    loading: "Loading messages…",
    unknown: "There is no such channel here.",
    older: "Loading older messages…",
    beginning: (channel: string) => `This is where #${channel} begins`,
    failed: "The messages could not be loaded.",
    tryAgain: "Try again",
    toNewest: "To the newest message",
    newBelow: (count: number) => plural(count, "new message below", "new messages below"),
    edited: (time: string) => `edited ${time}`,
    by: (name: string, time: string) => `${name}, ${time}`,
    inReplyTo: "In reply to",
    earlier: "a message that is not shown",
    actions: "Actions",
    reply: "Reply",
    edit: "Edit",
    remove: "Delete",
    editing: "Edit your message",
    editHint: "Enter saves, Esc leaves it as it was",
    confirmRemove: "Delete this message for everyone?",
    keep: "Keep",
    copy: "Copy",
    copied: "Copied",
    code: "Code",
    askThis: "Ask the manual this",
    react: "React",
    reactions: "Reactions",
    chooseReaction: "Choose a reaction",
    reaction: (emoji: string, count: number) => `${emoji}, ${plural(count, "person", "people")}`,
    thread: "Open a thread",
    toThread: "To its thread",
    toRoot: "The message it hangs from"
  },

  opinions: {
    label: "Was this helpful?",
    helpful: "Helpful",
    unhelpful: "Not helpful",
    count: (verdict: "helpful" | "unhelpful", count: number) =>
      `${verdict === "helpful" ? "Helpful" : "Not helpful"}${count > 0 ? `, ${plural(count, "person", "people")}` : ""}`,
    why: "What is wrong with it?",
    tell: "Tell",
    skip: "Skip",
    thanks: "Thank you: your reason is kept with the answer."
  },

  way: {
    title: "The way of a record",
    see: "See its way",
    seeIts: "see its way",
    close: "Close the way",
    saidAt: (name: string, time: string) => `${name}, ${time}`,
    loading: "Following…",
    unknown: "Nothing is known of this any more: the log keeps messages for days, not for ever.",
    failed: "The way could not be read.",
    nothingYet: "Not in the log yet.",
    steps: "Steps",
    outcome: {
      underway: "On its way",
      done: "Done",
      answered: "Answered",
      refused: "Answered: not known",
      dead: "Became a dead letter"
    },
    ms: (ms: number) => (ms < 10_000 ? `${number(Math.round(ms))} ms` : `${number(Math.round(ms / 1000))} s`),
    key: (key: string) => `key ${key}`,
    attempt: (n: number) => `try ${n}`,
    waits: (ms: number) => `waited ${number(Math.round(ms))} ms`,
    atWork: "at work",
    transaction: (ms: number) => `One transaction, committed in ${number(Math.round(ms))} ms`,
    done: "done",
    reasons: {
      undecodable: "not what the topic holds",
      rejected: "can never succeed",
      exhausted: "every try failed",
      defect: "a bug in the handler"
    },
    passages: "Passages",
    ranked: (proposed: number, shown: number) =>
      proposed > shown ? `${number(proposed)} ranked, ${number(shown)} shown` : `${number(proposed)} ranked`,
    parts: { text: "text", cosine: "vector", coverage: "coverage", bigrams: "bigrams", title: "title" },
    madeOf: (parts: ReadonlyArray<string>) => `Made of ${parts.join(", ")}`,
    chat: "Chat",
    cited: (n: number) => `cited ${n}`,
    textAlone: "Without vectors: text search stood alone.",
    removed: (count: number) =>
      `${plural(count, "near passage was", "near passages were")} left out: not everyone who reads this may read ${count === 1 ? "it" : "them"}. Neither text nor place is shown.`,
    unknownWords: "Never mentioned:",
    grounds: "Grounds to answer",
    groundsAre: (score: number, threshold: number) =>
      `${score.toFixed(2)}, and answers begin above ${threshold.toFixed(2)}`,
    refuses: (threshold: number) => `not known, up to ${threshold.toFixed(1)}`,
    answers: "answered",
    enough: "The question finds clearly more here than questions about other things do.",
    notEnough: "The question finds no more here than questions about other things do.",
    prompt: "Prompt",
    noModel: "No model is set up, and sentences are quoted as they stand. This is what one would be given.",
    showPrompt: "Show what a model is given",
    promptLoading: "Finding the passages…",
    noPrompt: "Only of a question that was asked here lately."
  },

  empty: {
    title: "Ask the manual",
    lead: "Every answer quotes what was read and links to it. When nothing was read about it, it says so.",
    try: "Try one of these",
    examples: [
      "How do I ingest a folder of documents?",
      "How do I connect the bot to Discord?",
      "Which settings are there, and what are their defaults?",
      "What happens to a message when I delete it?"
    ],
    read: (documents: number, passages: number) =>
      `${plural(documents, "document", "documents")} read, ${plural(passages, "passage", "passages")} to quote from`,
    nothingRead: "Nothing has been read yet. Add a folder of Markdown with: rtfm ingest ./docs"
  },

  compose: {
    label: (channel: string) => `Message #${channel}`,
    placeholder: "Say or ask something",
    ask: "Ask",
    askTitle: "Put this to the manual as a question (Ctrl Enter)",
    send: "Send",
    replyingTo: (name: string) => `Replying to ${name}`,
    cancelReply: "Do not reply",
    answers: "rtfm will answer this",
    mention: "in a message asks the manual",
    askKeys: "ask",
    lineKeys: "new line",
    slash: "commands",
    allKeys: "all keys",
    length: (used: number, most: number) => `${number(used)} of ${number(most)}`,
    tooLong: (used: number, most: number) =>
      `A message has at most ${number(most)} characters; this one has ${number(used)}.`,
    tooMuch: (length: number, most: number) =>
      `What you pasted has ${number(length)} characters, and a message has at most ${number(most)}: it was left out.`,
    notSent: (why: string) => `Not sent: ${why} Your text is still here.`,
    working: "reading the manual…",
    completions: "Completions",
    unknownCommand: (name: string) => `There is no command /${name}. Type / to see those there are.`,
    commands: {
      ask: { hint: "question", does: "put it to the manual" },
      documents: { hint: "", does: "what the bot has read" },
      events: { hint: "", does: "order a drink, and see what becomes of it" },
      machine: { hint: "", does: "how the process is" },
      way: { hint: "", does: "the way of the newest message" },
      channel: { hint: "name", does: "make a channel, or go to it" },
      name: { hint: "name", does: "what others see you as" },
      keys: { hint: "", does: "all keys" }
    },
    askBot: "asks the manual"
  },

  answer: {
    tags: { model: "Answer", quoted: "Quoted answer", closest: "Closest passages", refused: "Not known" },
    answering: "Answering",
    seconds: (ms: number) => `${(ms / 1000).toLocaleString(locale, { maximumFractionDigits: ms < 995 ? 2 : 1 })} s`,
    steps: (queued: number, retrieve: number, write: number) =>
      `waited ${Math.round(queued)} ms, searched ${Math.round(retrieve)} ms, wrote ${Math.round(write)} ms`,
    closest: (count: number) =>
      count === 1 ? "This passage comes closest:" : `These ${number(count)} passages come closest:`,
    quoted: "The model does not answer right now, so these are the words of the manual itself.",
    citation: (n: number) => `Citation ${n}`,
    citationOf: (n: number, title: string) => `Citation ${n}: ${title}`,
    closeCitation: (n: number) => `Close citation ${n}`,
    found: "Quote found word for word",
    toDocument: "Open the document",
    toMessage: "Open the message",
    citations: (count: number) => plural(count, "citation", "citations"),
    from: "from",
    refused: "Not in the manual",
    nearest: "Nearest",
    askPeople: (channel: string) => `Ask people in #${channel}`,
    seeDocuments: "See what was read"
  },

  events: {
    title: "Events",
    topic: "What other programs publish, what is done about it, and how it is told.",
    publish: "Publish an event",
    forms: {
      "contact.created": { title: "Contact us", send: "Send" },
      "request.created": { title: "Order a drink", send: "Order" },
      "machine.created": { title: "Add a machine", send: "Add" }
    } as Readonly<Record<string, { readonly title: string; readonly send: string }>>,
    send: "Publish",
    sample: "Fill in an example",
    optional: "optional",
    each: "one a line",
    needed: "Needed",
    wrong: (count: number) => `${plural(count, "field is", "fields are")} not right yet.`,
    failed: (why: string) => `Not published: ${why}`,
    published: "Published: its way is beside this.",
    recent: "The last events",
    none: "None in the last day. Publish one, or send records to a topic of events.",
    loading: "Loading…",
    unreadable: "Events could not be read.",
    gone: "This event is not among those of the last day.",
    state: { waiting: "waiting", underway: "under way", processed: "processed", failed: "failed" },
    steps: "What was done",
    begun: "Published",
    taken: "Taken by its handler",
    told: "Notified",
    outcome: { done: "done", refused: "refused", unknown: "no answer" },
    after: (ms: number) => (ms < 10_000 ? `${number(ms)} ms` : `${number(Math.round(ms / 1000))} s`),
    way: "See its way",
    show: "Show what was done",
    notification: (title: string) => `Notification: ${title}`
  },

  documents: {
    title: "Documents",
    topic: "What answers are taken from, besides this chat.",
    again: "Read again",
    remove: "Remove",
    confirmRemove: (source: string) => `Remove all documents of ${source} from what the bot knows?`,
    keep: "Keep",
    none: "Nothing has been read yet. Drop a folder of Markdown above, or use the command line:",
    command: "rtfm ingest ./docs",
    loading: "Loading…",
    failed: "This could not be loaded.",
    missing: "This document is not known. It may have been removed since.",
    all: "All documents",
    contents: "Sections",
    sections: (count: number) => plural(count, "section", "sections"),
    count: (count: number) => plural(count, "document", "documents"),
    refreshed: (when: string) => `read ${when}`,
    linkTo: (title: string) => `Link to ${title}`
  },

  machine: {
    title: "Machine",
    up: (time: string) => `up ${time}`,
    version: (version: string) => `version ${version}`,
    parts: "Parts",
    embedded: "embedded",
    real: "real",
    down: "down",
    breaker: { open: "breaker open", "half-open": "breaker testing" },
    part: {
      broker: "Broker",
      chat: "Chat",
      vectors: "Vectors",
      embedder: "Embedder",
      writer: "Writer",
      state: "State"
    },
    actors: "Actors",
    actor: "actor",
    route: "route",
    state: "state",
    handled: "handled",
    lag: "lag",
    inHand: "in hand",
    retries: "retries",
    restarts: "restarts",
    deadLetters: "dead letters",
    states: {
      starting: "starting",
      running: "running",
      restarting: "restarting",
      draining: "draining",
      stopped: "stopped"
    },
    lastError: "last error",
    lastHour: "last hour",
    rate: "rate",
    perSecond: (rate: number) =>
      rate === 0 ? "idle" : `${rate.toLocaleString(locale, { maximumFractionDigits: rate < 10 ? 1 : 0 })}/s`,
    handledAll: (count: number) => `${plural(count, "record", "records")} since the start`,
    inLastHour: (count: number) => `${number(count)} in the last hour`,
    topics: "Topics",
    topic: "topic",
    partitions: "partitions",
    appended: "records ever",
    depth: "held now",
    kept: "kept",
    forEver: "for ever",
    knowledge: "Knowledge",
    counts: {
      documents: "documents",
      chunks: "sections",
      passages: "passages",
      messages: "messages",
      waiting: "wait for a vector"
    },
    allVectors: "every passage has its vector",
    loading: "Asking…",
    failed: "The machine does not answer.",
    more: "For programs:",
    api: "API",
    openapi: "OpenAPI",
    metrics: "metrics"
  },

  dead: {
    title: "Dead letters",
    none: "None: everything could be handled.",
    failed: "Dead letters could not be read.",
    by: (actor: string, attempts: number) => `${actor}, ${plural(attempts, "try", "tries")}:`,
    show: "Show",
    sendBack: "Send back",
    sendBackWhat: (place: string) => `Send back ${place}`,
    sent: "Sent back",
    confirm: (topic: string) => `Send it back to ${topic}, to be handled again?`,
    wouldFail: "It failed for a reason that does not pass by itself.",
    leave: "Leave it",
    notSent: (why: string) => `Not sent back: ${why}`,
    reason: "Why",
    key: "Key",
    noKey: "none",
    firstFailed: "First failed",
    since: "Dead since",
    value: "Value of the record"
  },

  complaints: {
    title: "Last warnings and errors",
    none: "None since the start.",
    failed: "They could not be read.",
    warning: "warning",
    error: "error",
    times: (count: number) => `${number(count)} times`
  },

  settings: {
    title: "Settings in force",
    set: (count: number) => (count === 0 ? "all as they come" : `${number(count)} set`),
    hidden: "set, hidden",
    notSet: "not set",
    fallback: "default"
  },

  sources: {
    title: "Sources",
    none: "None yet.",
    reading: (done: number, total: number) =>
      total === 0 ? "reading…" : `reading ${number(done)} of ${number(total)}`,
    moreProblems: (count: number) => `and ${number(count)} more left out`
  },

  drop: {
    label: "Add documents",
    lead: "Drop Markdown, text, HTML, PDF or OpenAPI here, files or a whole folder.",
    chooseFolder: "Choose a folder",
    chooseFiles: "Choose files",
    website: "Or the address of a website",
    read: "Read it",
    files: "files",
    kind: "is of no kind that is read",
    large: (most: string) => `is larger than ${most}`,
    noText: "is not UTF-8",
    progress: (done: number, total: number, sections: number) =>
      done < total
        ? `${number(done)} of ${plural(total, "document", "documents")}…`
        : total === 0
          ? "nothing to read"
          : `${plural(total, "document", "documents")} read, ${plural(sections, "section", "sections")} new or changed`,
    failed: (why: string) => `was not read: ${why}`
  },

  live: {
    down: "Not connected: what is said now shows when the bot is back. Your draft is kept.",
    again: (seconds: number) => (seconds <= 0 ? "Trying…" : `Trying again in ${seconds} s`),
    now: "Try now"
  },

  token: {
    title: "This bot asks for a token",
    lead: "It is the API_TOKEN the process was started with. It is kept for this tab only.",
    label: "Token",
    wrong: "That token was not accepted.",
    open: "Open"
  },

  problem: {
    unreachable: "the bot cannot be reached.",
    unauthorized: "a token is needed.",
    unknown: (status: number) => `the bot answered with status ${status}.`
  },

  keys: {
    title: "Keys",
    lead: "These work while you are not typing; Esc and Alt always do.",
    compose: "write a message",
    send: "send",
    ask: "ask the manual",
    line: "new line",
    editLast: "edit what you said last, in an empty box",
    channel: "previous or next channel",
    message: "next or previous message",
    citation: "open or close a citation",
    reply: "reply to the message",
    react: "react to the message",
    way: "the way of the message, or close it",
    remove: "delete the message, if it is yours",
    chat: "chat",
    documents: "documents",
    events: "events",
    machine: "machine",
    theme: "light or dark",
    help: "all keys",
    escape: "close, cancel, leave the box"
  }
} as const
