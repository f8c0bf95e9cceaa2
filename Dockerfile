# pgdue's binary alone: static, without a shell, as an ordinary user.
#
#   docker build --build-arg VERSION=v0.1.0 -t pgdue .
#   docker run --rm -e PGDUE_DATABASE_URL=postgres://user:password@db:5432/app pgdue serve --migrate
#
# Settings come from the environment and from flags (`docker run --rm pgdue serve --help`):
#
#   PGDUE_DATABASE_URL   the database of serve and migrate; DATABASE_URL is never read
#   PGDUE_URL            the server of add, list, get, remove and runs, as in http://pgdue:8080
#
# serve listens on the container's own loopback, which nothing outside reaches: jobs run, the API stays inside. To publish
# the API add `--listen 0.0.0.0:8080 --insecure`, only where everybody who reaches the port may do everything: it has no
# access control yet.
#
# A stopping node lets its runs go on for 30 s (--drain); `docker stop` gives 10 s unless told more: `docker stop -t 40`.
#
# Jobs here are http jobs. exec jobs (serve --enable-exec) need programs, of which this image has none: copy the binary
# into an image that has them. dev does not work here, as it needs PostgreSQL's programs.

FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
# Time zones are inside the binary (package internal/trigger embeds time/tzdata).
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /scheduler ./cmd/scheduler

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /scheduler /scheduler
# As the nobody of distroless images; a number, so that Kubernetes' runAsNonRoot can check it.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/scheduler"]
CMD ["serve"]
