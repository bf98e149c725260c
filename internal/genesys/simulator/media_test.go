package simulator_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"math/bits"
	"mime"
	"net/mail"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestMediaAreValid parses every recording of a data set in its format.
func TestMediaAreValid(t *testing.T) {
	parsers := map[simulator.Medium]func(*testing.T, []byte){
		simulator.Call:    parseWAV,
		simulator.Screen:  parseWebM,
		simulator.Email:   parseEmail,
		simulator.Chat:    parseTranscript,
		simulator.Message: parseTranscript,
	}
	seen := map[simulator.Medium]int{}
	digests := map[string]string{}
	for _, r := range dataset(func(o *simulator.Options) { o.Conversations = 60 }).Recordings() {
		if _, _, err := mime.ParseMediaType(r.ContentType); err != nil {
			t.Errorf("content type %q: %v", r.ContentType, err)
		}
		for i, f := range r.Files() {
			if other, taken := digests[f.SHA256]; taken {
				t.Errorf("recordings %s and %s have the same bytes", r.ID, other)
			}
			digests[f.SHA256] = r.ID
			parsers[r.Medium](t, r.Media(i))
		}
		seen[r.Medium]++
	}
	for medium := range parsers {
		if seen[medium] == 0 {
			t.Errorf("no %s was looked at", medium)
		}
	}
}

// parseWAV reads RIFF elements and checks that the header tells the truth.
func parseWAV(t *testing.T, media []byte) {
	t.Helper()
	if string(media[:4]) != "RIFF" || string(media[8:12]) != "WAVE" {
		t.Fatalf("no RIFF/WAVE file but %q", media[:12])
	}
	if size := binary.LittleEndian.Uint32(media[4:]); int(size) != len(media)-8 {
		t.Fatalf("header says %d bytes, %d follow", size, len(media)-8)
	}
	parts := map[string][]byte{}
	for rest := media[12:]; len(rest) > 0; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		parts[string(rest[:4])] = rest[8 : 8+size]
		rest = rest[8+size+size%2:]
	}
	var format struct {
		Coding, Channels      uint16
		Rate, BytesPerSecond  uint32
		BytesPerSample, Width uint16
	}
	if err := binary.Read(bytes.NewReader(parts["fmt "]), binary.LittleEndian, &format); err != nil {
		t.Fatal(err)
	}
	if format.Coding != 1 || format.Channels != 1 || format.Rate != 8000 || format.BytesPerSecond != 16000 ||
		format.BytesPerSample != 2 || format.Width != 16 {
		t.Fatalf("format is %+v, want 8 kHz mono 16 bit PCM", format)
	}
	if seconds := float64(len(parts["data"])) / 16000; seconds < 1 || seconds > 3 {
		t.Fatalf("%f seconds of sound, want 1 to 3", seconds)
	}
}

// ebml is an element of a WebM file.
type ebml struct {
	id      uint32
	content []byte
}

// parseElements reads the elements of a level.
func parseElements(t *testing.T, b []byte) []ebml {
	t.Helper()
	var elements []ebml
	for len(b) > 0 {
		idLength := bits.LeadingZeros8(b[0]) + 1
		var id uint32
		for _, octet := range b[:idLength] {
			id = id<<8 | uint32(octet)
		}
		b = b[idLength:]
		sizeLength := bits.LeadingZeros8(b[0]) + 1
		size := uint64(b[0]) & (1<<(8-sizeLength) - 1)
		for _, octet := range b[1:sizeLength] {
			size = size<<8 | uint64(octet)
		}
		b = b[sizeLength:]
		if size > uint64(len(b)) {
			t.Fatalf("element %x says %d bytes, %d follow", id, size, len(b))
		}
		elements = append(elements, ebml{id, b[:size]})
		b = b[size:]
	}
	return elements
}

// child returns the elements of one id on a level.
func child(t *testing.T, b []byte, id uint32) [][]byte {
	t.Helper()
	var found [][]byte
	for _, e := range parseElements(t, b) {
		if e.id == id {
			found = append(found, e.content)
		}
	}
	return found
}

// parseWebM walks down to the frames and checks what a player looks at.
func parseWebM(t *testing.T, media []byte) {
	t.Helper()
	header := child(t, media, 0x1A45DFA3)[0]
	if docType := child(t, header, 0x4282)[0]; string(docType) != "webm" {
		t.Fatalf("document type %q", docType)
	}
	segment := child(t, media, 0x18538067)[0]
	info := child(t, segment, 0x1549A966)[0]
	duration := math.Float64frombits(binary.BigEndian.Uint64(child(t, info, 0x4489)[0]))
	track := child(t, child(t, segment, 0x1654AE6B)[0], 0xAE)[0]
	if codec := child(t, track, 0x86)[0]; string(codec) != "V_VP8" {
		t.Fatalf("codec %q", codec)
	}
	video := child(t, track, 0xE0)[0]
	blocks := child(t, child(t, segment, 0x1F43B675)[0], 0xA3)
	if len(blocks) == 0 || duration != float64(len(blocks)*500) {
		t.Fatalf("%d frames in %v ms, want one each half second", len(blocks), duration)
	}
	for i, b := range blocks {
		if b[0] != 0x81 || int(binary.BigEndian.Uint16(b[1:])) != i*500 || b[3] != 0x80 {
			t.Fatalf("block %d begins with %x", i, b[:4])
		}
		parseVP8(t, b[4:], child(t, video, 0xB0)[0][0], child(t, video, 0xBA)[0][0])
	}
}

// parseVP8 checks the frame header of RFC 6386, section 9.1.
func parseVP8(t *testing.T, frame []byte, width, height byte) {
	t.Helper()
	tag := uint32(frame[0]) | uint32(frame[1])<<8 | uint32(frame[2])<<16
	if tag&1 != 0 || tag>>4&1 != 1 || int(tag>>5)+10 >= len(frame) {
		t.Fatalf("frame tag %x of %d bytes: no visible key frame", tag, len(frame))
	}
	want := []byte{0x9d, 0x01, 0x2a, width, 0, height, 0}
	if !bytes.Equal(frame[3:10], want) {
		t.Fatalf("frame header %x, want %x", frame[3:10], want)
	}
}

func parseEmail(t *testing.T, media []byte) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(media))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := message.Header.AddressList("From"); err != nil {
		t.Error(err)
	}
	if _, err := message.Header.Date(); err != nil {
		t.Error(err)
	}
	if body, err := io.ReadAll(message.Body); err != nil || len(body) == 0 {
		t.Errorf("%d bytes of body, %v", len(body), err)
	}
	for line := range bytes.SplitSeq(media, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("line is not as RFC 5322 has it: %q", line)
		}
	}
}

func parseTranscript(t *testing.T, media []byte) {
	t.Helper()
	var transcript struct {
		RecordingID string
		Transcript  []struct{ UTC, From, Body string }
	}
	if err := json.Unmarshal(media, &transcript); err != nil {
		t.Fatal(err)
	}
	if transcript.RecordingID == "" || len(transcript.Transcript) == 0 || transcript.Transcript[0].Body == "" {
		t.Errorf("transcript is empty: %s", media)
	}
}
