# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /build
# binutils: the build strips the vector database's binding of its debug symbols.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=7836 \
    DATA_DIR=/data
COPY --from=build /build/dist /app
RUN mkdir /data && chown 1000:1000 /data
# The user `node` of the image.
USER 1000:1000
VOLUME /data
EXPOSE 7836
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# A small nursery for young objects: under load it saves 100 MB and costs no speed that could be measured.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/rtfm.mjs"]
CMD ["start"]
