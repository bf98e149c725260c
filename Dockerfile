# A static binary in an empty image, as a user without rights.
#
# Build it here, which takes more than 6 GB of memory for the Genesys SDK:
#
#   docker build -t recording-export-operator .
#
# or put in one that was built outside:
#
#   CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/linux/manager ./cmd/manager
#   docker build --target prebuilt -t recording-export-operator .

FROM golang:1.26 AS build
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api api
COPY cmd cmd
COPY config/crd config/crd
COPY controllers controllers
COPY internal internal
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X github.com/gcexport/recording-export-operator/internal/operator.Version=${VERSION}" \
      -o /manager ./cmd/manager

# What both images hold beside the binary: certificates, to ask Genesys Cloud.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532
ENTRYPOINT ["/manager"]

FROM scratch AS prebuilt
COPY bin/linux/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY bin/linux/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]

FROM base
COPY --from=build /manager /manager
