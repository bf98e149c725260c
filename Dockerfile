# A static binary in an empty image, as a user without rights. The certificate
# authorities that it needs to ask Genesys Cloud are in the binary.
#
# Build it here, which takes more than 6 GB of memory for the Genesys SDK:
#
#   docker build -t recording-export-operator .
#
# or put in one that was built outside (make image-binary):
#
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

FROM scratch AS prebuilt
COPY bin/image/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]

FROM scratch
COPY --from=build /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
