/** Questions about everything and nothing: what a corpus scores on them is what it scores on what it does not know. */
export const nullQuestions: ReadonlyArray<string> = [
  // The kitchen and the home
  "How long should I boil an egg so that the yolk stays soft?",
  "What can I put into a curry instead of coconut milk?",
  "Why does my sourdough bread come out flat?",
  "How do I get red wine out of a white carpet?",
  "Which plants survive in a bathroom without a window?",
  "How often should I change the filter of my vacuum cleaner?",
  // The body
  "How many hours should a six year old child sleep?",
  "Is it safe to run with a sprained ankle?",
  "What are the symptoms of too little vitamin D?",
  "How can I stop my nose from bleeding?",
  // Sports and games
  "Who won the football world cup in 1998?",
  "What is the offside rule in hockey?",
  "How do I open with the Sicilian defence in chess?",
  "How long is a marathon in miles?",
  "What is the best grip for a tennis backhand?",
  // History, politics and law
  "When did the Roman Empire fall?",
  "Who was the first woman to fly across the Atlantic?",
  "Why was the Berlin wall built?",
  "How does a tenant give notice for a flat?",
  "Which countries border Paraguay?",
  // Science and nature
  "Why is the sky blue at noon and red in the evening?",
  "How do whales sleep without drowning?",
  "What is the boiling point of ethanol?",
  "How far away is the nearest star?",
  "What do hedgehogs eat in winter?",
  "How does photosynthesis turn light into sugar?",
  // Arts
  "Who painted the ceiling of the Sistine Chapel?",
  "In which order should I read the Narnia books?",
  "How do I tune a ukulele by ear?",
  "What is the rhyme scheme of a sonnet?",
  "Which film won the Oscar for best picture in 1972?",
  // Travel and money
  "What is the cheapest month to fly to Lisbon?",
  "Do I need a visa to visit Vietnam as a tourist?",
  "How much should I tip a taxi driver in New York?",
  "Should I pay off my mortgage early or save for a pension?",
  "How do I carry a baby on a long train journey?",
  // Making and repairing
  "How do I replace the chain of a bicycle?",
  "What size of drill bit do I need for a wall plug?",
  "Why does my car squeak when I brake?",
  "How do I knit a sleeve in the round?",
  "How deep should the foundation of a garden shed be?",
  // Work and school
  "How do I write a cover letter for a summer job?",
  "What is the difference between affect and effect?",
  "How can I calm my nerves before a speech?",
  "How do I find the area of a trapezoid?",
  // Other people's software and devices
  "How do I merge two cells in a spreadsheet?",
  "How can I crop a picture on my phone?",
  "Why is my printer printing blank pages?",
  "How do I change the language of my television?",
  "How do I turn off the shutter sound of my camera?",
  "Which laptop is best for editing films?",
  "How do I block spam calls on a landline?",
  // Animals and the weather
  "How do I teach a puppy to walk on a lead?",
  "Why do cats purr when they are ill?",
  "Will it rain in Edinburgh at the weekend?",
  "What should I name my goldfish?"
]
